import csv
import hashlib
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import webdataset

from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest
from mmavssl.datasets.shards import ShardBackend, pack
from mmavssl.datasets.shards.pack import PackOptions
from mmavssl.datasets.shards.shard_writer import ShardWriter
from mmavssl.utils import ConfigError, DataError


def read_with_webdataset(folder, facts):
    urls = [str(folder / shard['file']) for shard in facts['shards']]
    samples = list(webdataset.WebDataset(urls, shardshuffle=False))
    assert [int(sample['__key__']) for sample in samples] == sorted(
        int(sample['__key__']) for sample in samples
    )
    return {
        json.loads(sample['json'])['path']: {
            key: content for key, content in sample.items() if not key.startswith('__')
        }
        for sample in samples
    }


def test_shards_are_those_of_webdataset(packed):
    facts = packed.pack()
    assert len(facts['shards']) > 2
    samples = read_with_webdataset(packed.out, facts)
    assert set(samples) == {entry.path for entry in packed.entries}
    for entry in packed.entries:
        sample = dict(samples[entry.path])
        about = json.loads(sample.pop('json'))
        assert (about['label'], about['class']) == (entry.label, ('run', 'sit')[entry.label])
        assert list(sample.values()) == [packed.content(entry.path)]


def test_lists_beside_the_shards(packed):
    facts = packed.pack()
    classes = read_classes(packed.out / 'classes.txt')
    assert classes == ('run', 'sit')
    rows = read_manifest(packed.out / 'manifest.csv', classes)
    assert [row.path for row in rows] == list(read_with_webdataset(packed.out, facts))
    assert sorted(rows, key=lambda row: row.path) == sorted(
        packed.entries, key=lambda row: row.path
    )
    assert [row.path for row in rows] != [row.path for row in packed.entries]
    assert not (packed.out / 'missing.csv').exists()
    assert not (packed.out / 'packing').exists()


def test_facts(packed):
    facts = packed.pack()
    assert facts == json.loads((packed.out / 'shards.json').read_text())
    assert facts['clips'] == facts['samples'] == facts['files'] == len(packed.entries)
    digest = hashlib.sha256(packed.manifest.read_bytes()).hexdigest()
    assert facts['inputs']['manifest_sha256'] == digest
    sums = (packed.out / 'shards.sha256').read_text().splitlines()
    for shard, line in zip(facts['shards'], sums, strict=True):
        content = (packed.out / shard['file']).read_bytes()
        assert shard['bytes'] == len(content) <= 20_000
        assert line == f'{hashlib.sha256(content).hexdigest()}  {shard["file"]}'
    assert sum(shard['bytes'] for shard in facts['shards']) == facts['bytes']


def test_sizes_of_shards(packed):
    ten = packed.pack(max_count=10, shard_size=10**9)
    assert [shard['samples'] for shard in ten['shards']] == [10, 10, 7]
    one = packed.pack(packed.out.with_name('one'), shard_size=10**9)
    assert [shard['samples'] for shard in one['shards']] == [27]
    each = packed.pack(packed.out.with_name('each'), shard_size=1)
    assert [shard['samples'] for shard in each['shards']] == [1] * 27


def test_full_shards_do_not_grow(packed):
    facts = packed.pack()
    for shard, following in zip(facts['shards'], facts['shards'][1:], strict=False):
        with tarfile.open(packed.out / following['file']) as tar:
            first = sum(512 + -(-m.size // 512) * 512 for m in tar.getmembers()[:2])
        assert shard['bytes'] + first > 20_000 - tarfile.RECORDSIZE


def test_order(packed):
    first = packed.pack()
    assert packed.pack(packed.out.with_name('same'), seed=0) == first
    other = packed.out.with_name('other')
    packed.pack(other, seed=1)
    assert (other / 'manifest.csv').read_text() != (packed.out / 'manifest.csv').read_text()
    plain = packed.out.with_name('plain')
    packed.pack(plain, seed=None)
    assert (plain / 'manifest.csv').read_text() == packed.manifest.read_text()


def test_parts_of_a_file_are_packed_once(packed):
    packed.entries = [
        ClipEntry('videos/run/a.mp4', 0, 0.0, 1.0),
        ClipEntry('videos/run/0.mp4', 1),
        ClipEntry('videos/run/a.mp4', 1, 1.0, 2.5),
    ]
    facts = packed.pack()
    assert (facts['clips'], facts['samples'], facts['files']) == (3, 2, 2)
    samples = read_with_webdataset(packed.out, facts)
    clips = json.loads(samples['videos/run/a.mp4']['json'])['clips']
    assert [(clip['label'], clip['end']) for clip in clips] == [(0, 1.0), (1, 2.5)]
    rows = read_manifest(packed.out / 'manifest.csv', ('run', 'sit'))
    assert sorted(rows, key=lambda r: r.end or 0) == sorted(
        packed.entries, key=lambda r: r.end or 0
    )


def test_sound_files(packed):
    packed.write('sounds/größe.WAV', b'sound')
    packed.entries[2] = replace(packed.entries[2], audio_path='sounds/größe.WAV')
    facts = packed.pack()
    sample = read_with_webdataset(packed.out, facts)[packed.entries[2].path]
    assert sample['sound.wav'] == b'sound'
    assert json.loads(sample['json'])['audio_path'] == 'sounds/größe.WAV'
    assert (facts['samples'], facts['files']) == (27, 28)
    assert ShardBackend(packed.out).get('sounds/größe.WAV') == b'sound'


def test_confidences(packed):
    """Of pseudo labels; a list may have some without."""
    packed.entries[3:] = [
        replace(entry, confidence=number / 30)
        for number, entry in enumerate(packed.entries[3:])
    ]  # fmt: skip
    facts = packed.pack()
    expected = {entry.path: entry.confidence for entry in packed.entries}
    rows = read_manifest(packed.out / 'manifest.csv', ('run', 'sit'))
    assert {row.path: row.confidence for row in rows} == expected
    samples = read_with_webdataset(packed.out, facts)
    about = {path: json.loads(sample['json']) for path, sample in samples.items()}
    assert {path: facts.get('confidence') for path, facts in about.items()} == expected


def test_list_without_labels(packed):
    packed.entries = [ClipEntry(entry.path) for entry in packed.entries]
    facts = packed.pack()
    sample = read_with_webdataset(packed.out, facts)['videos/run/a.mp4']
    assert json.loads(sample['json'])['label'] is None
    rows = read_manifest(packed.out / 'manifest.csv', ('run', 'sit'))
    assert [row.label for row in rows] == [None] * 27


class Killed(BaseException):
    """Nothing that the code expects."""


@pytest.mark.parametrize('method', ['add', 'finish'])
@pytest.mark.parametrize('calls', [1, 2, 3])
def test_a_run_that_was_killed_goes_on(packed, monkeypatch, method, calls):
    whole = packed.out.with_name('whole')
    packed.pack(whole)
    original, left = getattr(ShardWriter, method), [calls * (6 if method == 'add' else 1)]

    def interrupted(self, *args):
        left[0] -= 1
        if not left[0]:
            raise Killed
        return original(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(ShardWriter, method, interrupted)
        with pytest.raises(Killed):
            packed.pack()
    assert not (packed.out / 'shards.json').exists()
    with pytest.raises(DataError, match='Packing has not ended: the same command'):
        ShardBackend(packed.out)
    done = {path: path.stat().st_mtime_ns for path in packed.out.glob('shard-*.tar')}
    packed.pack()
    assert packed.files() == packed.files(whole)
    assert {path: path.stat().st_mtime_ns for path in done} == done


def test_nothing_is_packed_twice(packed, monkeypatch):
    facts = packed.pack()
    files = packed.files()
    monkeypatch.setattr(pack, '_write_shards', None)
    assert packed.pack() == facts
    assert packed.files() == files


def test_shard_that_was_lost_while_packing_is_written_again(packed, monkeypatch):
    packed.pack(packed.out.with_name('whole'))
    with monkeypatch.context() as patch:
        patch.setattr(pack, 'write_folder', lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            packed.pack()
    (packed.out / 'shard-000001.tar').write_bytes(b'cut')
    packed.pack()
    assert packed.files() == packed.files(packed.out.with_name('whole'))


def test_missing_files(packed):
    for number in (0, 4, 26):
        (packed.root / packed.entries[number].path).unlink()
    with pytest.raises(DataError, match=r'does not exist.* With --skip-missing, such files are'):
        packed.pack()
    facts = packed.pack(skip_missing=True)
    assert (facts['clips'], facts['samples'], facts['missing']) == (24, 24, 3)
    with open(packed.out / 'missing.csv', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert {row['path'] for row in rows} == {packed.entries[n].path for n in (0, 4, 26)}
    assert all('does not exist' in row['problem'] for row in rows)
    listed = {row.path for row in read_manifest(packed.out / 'manifest.csv', ('run', 'sit'))}
    assert listed == set(read_with_webdataset(packed.out, facts))
    assert not listed & {row['path'] for row in rows}
    assert packed.pack() == facts  # complete as it is


def test_no_file_at_all(packed):
    packed.entries = [ClipEntry('no.mp4', 0)]
    with pytest.raises(DataError, match=r'list\.csv: none of its 1 files can be read'):
        packed.pack(skip_missing=True)


def test_other_inputs_need_overwrite(packed):
    packed.pack()
    (packed.out / 'splits').mkdir()
    with pytest.raises(ConfigError, match=r'another list or with other options.* --overwrite'):
        packed.pack(seed=1)
    facts = packed.pack(seed=1, max_count=20, shard_size=10**6, overwrite=True)
    assert [shard['samples'] for shard in facts['shards']] == [20, 7]
    assert len(list(packed.out.glob('shard-*.tar'))) == 2
    assert (packed.out / 'splits').is_dir()


def test_overwrite_repairs_the_same_shards(packed):
    facts = packed.pack()
    files = packed.files()
    (packed.out / 'shard-000000.tar').write_bytes(b'')
    (packed.out / 'shards.json').write_text('damaged')
    assert packed.pack(overwrite=True) == facts
    assert packed.files() == files


def test_folders_with_other_files_are_left_alone(packed):
    before = sorted(packed.root.rglob('*'))
    with pytest.raises(ConfigError, match='has files in it, but no shards'):
        packed.pack(packed.root, overwrite=True)
    assert sorted({*packed.root.rglob('*')} - {packed.manifest}) == before


def test_missing_library_is_one_line(packed, monkeypatch):
    monkeypatch.setitem(sys.modules, 'webdataset', None)
    with pytest.raises(ConfigError, match=r'pip install "webdataset>='):
        packed.pack()
    assert not packed.out.exists()


def test_command_names_the_bound_of_the_package(packed, monkeypatch):
    setup = (Path(__file__).parents[3] / 'setup.py').read_text()
    monkeypatch.setitem(sys.modules, 'webdataset', None)
    with pytest.raises(ConfigError) as caught:
        packed.pack()
    assert f"['{str(caught.value).split(chr(34))[1]}']" in setup


@pytest.mark.parametrize('options', [{'shard_size': 0}, {'max_count': -1}])
def test_bad_options(options):
    with pytest.raises(ConfigError, match='to be at least 1'):
        PackOptions(**options)
