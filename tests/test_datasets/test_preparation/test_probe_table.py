from dataclasses import replace

from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.probe_table import COLUMNS, read_probes, write_probes

PROBES = {
    name: Probe(name, 5, 10**18 + 1, True, 1.25, 30, 24.0, 32, 48, 'h264', 'aac', 8000, 1, 1.2)
    for name in ('b/“quoted”, it\'s "a" clip.mp4', 'a/Ünï cödé 日本.mp4')
}


def test_round_trip_by_path(tmp_path):
    path = tmp_path / 'probe.csv'
    write_probes(path, PROBES)
    assert read_probes(path) == PROBES
    assert list(read_probes(path)) == sorted(PROBES)
    assert read_probes(tmp_path / 'none.csv') == {}
    assert [file.name for file in tmp_path.iterdir()] == ['probe.csv']


def test_torn_last_line_is_left_out(tmp_path):
    path = tmp_path / 'probe.csv'
    bad = Probe('c.mp4', 1, 1, problem='cannot be read\nat all')
    write_probes(path, {**PROBES, 'c.mp4': bad})
    whole = path.read_text()
    assert read_probes(path)['c.mp4'] == replace(bad, problem='cannot be read at all')
    for length in range(len(whole) - 40, len(whole)):
        path.write_text(whole[:length])
        assert read_probes(path) == PROBES


def test_table_of_another_version(tmp_path):
    path = tmp_path / 'probe.csv'
    path.write_text('path,bytes\na.mp4,3\n')
    assert read_probes(path) == {}
    path.write_text(','.join(COLUMNS) + '\na.mp4,three' + ',' * 15 + '\n')
    assert read_probes(path) == {}
