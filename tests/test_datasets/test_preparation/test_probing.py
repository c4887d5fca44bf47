import os

import pytest

from mmavssl.datasets.preparation.file_tree import list_files
from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.probe_table import read_probes
from mmavssl.datasets.preparation.probing import probe_all, read_tables, still_valid

LOG = 'log'


def logging_probe(root: str, path: str, decode: bool = False) -> Probe:
    """Note in a file of the folder what is probed."""
    with open(os.path.join(root, LOG), 'a') as file:
        file.write(f'{path}\n')
    if 'crash' in path:
        os.abort()
    stat = os.stat(os.path.join(root, path))
    problem = 'broken' if 'broken' in path else ''
    return Probe(path, stat.st_size, stat.st_mtime_ns, decode, problem=problem)


class Prober:
    """Probes a folder of files that need not be videos."""

    def __init__(self, root):
        self.root, self.table = root, root / 'probe.csv'
        for i in range(8):
            (root / f'{i}.mp4').write_text(str(i))

    def __call__(self, decode=False, retry=False):
        stats = list_files(self.root).videos
        known = still_valid(read_probes(self.table).values(), stats, decode, retry)
        return probe_all(self.root, stats, self.table, known, 2, decode, probe=logging_probe)

    def pop_log(self):
        log = self.root / LOG
        names = sorted(log.read_text().split()) if log.exists() else []
        log.unlink(missing_ok=True)
        return names


@pytest.fixture
def prober(tmp_path):
    return Prober(tmp_path)


def test_each_file_once_over_all_runs(prober):
    first = prober()
    assert prober.pop_log() == [f'{i}.mp4' for i in range(8)]
    text = prober.table.read_text()
    assert prober() == first
    assert prober.pop_log() == []
    assert prober.table.read_text() == text


def test_a_killed_run_goes_on(prober):
    prober()
    prober.pop_log()
    whole = prober.table.read_text()
    lines = whole.splitlines(keepends=True)
    prober.table.write_text(''.join(lines[:5]) + lines[5][:9])
    prober()
    assert prober.pop_log() == ['4.mp4', '5.mp4', '6.mp4', '7.mp4']
    assert prober.table.read_text() == whole


def test_changed_files_are_probed_again(prober):
    prober()
    prober.pop_log()
    (prober.root / '3.mp4').write_text('longer')
    os.utime(prober.root / '5.mp4', ns=(1, 1))
    (prober.root / '6.mp4').unlink()
    probes = prober()
    assert prober.pop_log() == ['3.mp4', '5.mp4']
    assert (probes['3.mp4'].bytes, probes['5.mp4'].mtime_ns) == (6, 1)
    assert '6.mp4' not in read_probes(prober.table)


def test_decoding_counts_for_both(prober):
    prober()
    prober.pop_log()
    prober(decode=True)
    assert len(prober.pop_log()) == 8
    prober()
    assert prober.pop_log() == []


def test_problems_are_tried_again_when_asked(prober):
    (prober.root / 'broken.mp4').write_text('x')
    prober()
    prober.pop_log()
    prober()
    assert prober.pop_log() == []
    prober(retry=True)
    assert prober.pop_log() == ['broken.mp4']


def test_crash_is_a_problem_of_the_file(prober):
    (prober.root / 'crash.mp4').write_text('x')
    probes = prober()
    assert probes['crash.mp4'].problem.startswith('the process that read it died, twice.')
    assert [p.path for p in probes.values() if p.problem] == ['crash.mp4']
    prober.pop_log()
    prober()
    assert prober.pop_log() == []


def test_tables_of_shards(tmp_path):
    for name in ('probe.csv', 'probe_1of3.csv', 'probe_3of3.csv', 'probe_unlabeled_1of2.csv'):
        (tmp_path / name).touch()
    assert read_tables(tmp_path, '') == ([], ['probe_2of3.csv'])
    assert read_tables(tmp_path, '_unlabeled') == ([], ['probe_unlabeled_2of2.csv'])
