import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from mmengine.fileio import get, get_text

from mmavssl.datasets.readers.storage import fetch
from mmavssl.datasets.shards import ShardBackend, backend
from mmavssl.utils import DataError


def contents(packed):
    return {entry.path: packed.content(entry.path) for entry in packed.entries}


def open_files(folder):
    """Count those of this folder alone: what other tests left open may be closed at any time."""
    opened = []
    for number in os.listdir('/proc/self/fd'):
        with suppress(FileNotFoundError):  # that of the listing itself
            opened.append(os.readlink(f'/proc/self/fd/{number}'))
    return sum(path.startswith(f'{folder}/') for path in opened)


def test_every_file_has_its_bytes(packed):
    packed.pack()
    expected = contents(packed)
    shards = ShardBackend(packed.out)
    assert {path: shards.get(path) for path in expected} == expected
    # A data set whose `data_root` is the folder of the shards.
    assert all(shards.get(packed.out / path) == content for path, content in expected.items())
    for root in (str(packed.root), f'{packed.root}/'):
        shards = ShardBackend(str(packed.out), root)
        assert all(shards.get(f'{packed.root}/{path}') == expected[path] for path in expected)


def test_relative_data_root(packed, monkeypatch):
    packed.pack()
    monkeypatch.chdir(packed.root.parent)
    path = packed.entries[2].path
    for root in ('own', './own', 'own/'):
        assert ShardBackend('shards', root).get(f'own/{path}') == packed.content(path)
    assert ShardBackend('shards', '').get(path) == packed.content(path)
    assert ShardBackend('shards').get(f'shards/{path}') == packed.content(path)


def test_absolute_paths_of_a_list(packed):
    packed.entries = packed.entries[:1]
    path = str(packed.root / packed.entries[0].path)
    packed.entries = [type(packed.entries[0])(path, 0)]
    packed.pack()
    assert ShardBackend(packed.out).get(path) == packed.content(path)


def test_by_mmengine(packed):
    packed.write('note.txt', 'größe'.encode())
    packed.entries.append(type(packed.entries[0])('note.txt', 0))
    packed.pack()
    args = dict(backend='shards', root=str(packed.out))
    assert get('videos/run/a.mp4', args) == packed.content('videos/run/a.mp4')
    assert get_text('note.txt', backend_args=args) == 'größe'
    assert fetch(f'{packed.out}/videos/run/a.mp4', args) == packed.content('videos/run/a.mp4')


def test_few_shards_stay_open(packed, monkeypatch):
    monkeypatch.setattr(backend, 'OPEN_SHARDS', 2)
    packed.pack(shard_size=1)
    shards = ShardBackend(packed.out)
    assert {path: shards.get(path) for path in contents(packed)} == contents(packed)
    assert 1 <= open_files(packed.out) <= 3  # with the index
    del shards
    gc.collect()
    assert open_files(packed.out) == 0


def test_threads_share_it(packed, monkeypatch):
    monkeypatch.setattr(backend, 'OPEN_SHARDS', 1)  # they close it under each other's hands
    packed.pack(shard_size=1)
    shards = ShardBackend(packed.out)
    expected = contents(packed)
    barrier = threading.Barrier(4)

    def read(_):
        barrier.wait()
        return [shards.get(path) for path in expected] == list(expected.values())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(4)))


def test_forked_processes_share_it(packed):
    packed.pack()
    shards = ShardBackend(packed.out)
    expected = contents(packed)
    first = next(iter(expected))
    assert shards.get(first) == expected[first]  # a file is open now
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            same = all(shards.get(path) == expected[path] for path in list(expected) * 20)
            os._exit(0 if same else 1)
        children.append(child)
    assert all(shards.get(path) == expected[path] for path in list(expected) * 20)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


def test_read_only_folder(packed):
    packed.pack()
    for path in packed.out.iterdir():
        path.chmod(0o444)
    packed.out.chmod(0o555)
    try:
        assert ShardBackend(packed.out).get('videos/run/0.mp4')
    finally:
        packed.out.chmod(0o755)


def test_reading_needs_no_webdataset(packed):
    packed.pack()
    code = (
        'import sys; sys.modules["webdataset"] = None\n'
        'from mmavssl.datasets.shards import ShardBackend\n'
        f'ShardBackend({str(packed.out)!r}).get("videos/run/a.mp4")\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_path_that_was_not_packed(packed):
    packed.pack()
    with pytest.raises(DataError) as caught:
        ShardBackend(packed.out, 'data/k400').get('data/other/videos/run/a.mp4')
    message = str(caught.value)
    assert message.startswith(f'data/other/videos/run/a.mp4 is not in the shards of {packed.out}')
    assert '27 files' in message
    assert f'{packed.out}/manifest.csv' in message
    assert '`data_root` of `backend_args` (data/k400)' in message


def test_shard_that_is_missing(packed):
    packed.pack()
    for path in packed.out.glob('*.tar'):
        path.unlink()
    with pytest.raises(DataError, match=r'the shard \S+/shard-00000\d\.tar does not exist'):
        ShardBackend(packed.out).get('videos/run/a.mp4')


@pytest.mark.parametrize(('change', 'word'), [(-1, 'truncated'), (-5000, 'truncated'), (9, 'ch')])
def test_shard_that_is_damaged(packed, change, word):
    packed.pack()
    for path in packed.out.glob('*.tar'):
        os.truncate(path, path.stat().st_size + change)
    with pytest.raises(DataError, match=rf'the shard \S+/shard-0\d+\.tar is {word}.*sha256sum'):
        ShardBackend(packed.out).get('videos/run/a.mp4')


def test_shard_that_shrinks_while_it_is_open(packed):
    packed.pack()
    shards = ShardBackend(packed.out)
    shards.get('videos/run/a.mp4')
    for path in packed.out.glob('*.tar'):
        os.truncate(path, 700)
    with pytest.raises(OSError, match=r'shard-0\d+\.tar ends at'):
        shards.get('videos/run/a.mp4')


def test_short_reads(packed, monkeypatch):
    packed.pack()
    pread = os.pread
    monkeypatch.setattr(os, 'pread', lambda file, size, at: pread(file, min(size, 100), at))
    path = packed.entries[-1].path
    assert ShardBackend(packed.out).get(path) == packed.content(path)


def test_folder_without_shards(tmp_path):
    with pytest.raises(DataError, match=r'shards\.json does not exist.*data/pack_shards\.py'):
        ShardBackend(tmp_path)
    for text, problem in (('[]', 'cannot be read'), ('{', 'cannot be read'), ('{}', 'cannot be')):
        (tmp_path / 'shards.json').write_text(text)
        with pytest.raises(DataError, match=rf'shards\.json {problem}'):
            ShardBackend(tmp_path)
    (tmp_path / 'shards.json').write_text('{"format": 99}')
    with pytest.raises(DataError, match=r'is of format 99, but this version .* reads format 1'):
        ShardBackend(tmp_path)
    (tmp_path / 'shards.json').write_text('{"format": 1, "shards": []}')
    with pytest.raises(DataError, match=r'index\.npy, the index of the shards, cannot be read'):
        ShardBackend(tmp_path)
