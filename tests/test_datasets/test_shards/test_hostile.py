"""Shards that somebody else has made: nothing is written, and no name in them is a path."""

import io
import json
import tarfile

import numpy as np
import pytest

from mmavssl.datasets.manifest import ClipEntry
from mmavssl.datasets.shards import ShardBackend
from mmavssl.datasets.shards.layout import FACTS, INDEX
from mmavssl.utils.errors import DataError


def members():
    """Members that leave the folder in which an archive is unpacked, or are no files."""
    for name in ('../pwned', '/tmp/mmavssl_pwned', 'a/../../pwned', '..\\pwned', 'C:\\pwned'):
        yield tarfile.TarInfo(name)
    for kind, target in (
        (tarfile.SYMTYPE, '../..'),
        (tarfile.SYMTYPE, '/etc'),
        (tarfile.LNKTYPE, '/etc/passwd'),
        (tarfile.CHRTYPE, ''),
        (tarfile.FIFOTYPE, ''),
    ):
        member = tarfile.TarInfo('videos/run/a.mp4')
        member.type, member.linkname = kind, target
        yield member


def test_names_in_a_shard_are_not_read(packed):
    """The index alone says where a file is."""
    [shard] = packed.pack(shard_size=10**9)['shards']
    path = packed.out / shard['file']
    hostile = io.BytesIO()
    with tarfile.open(fileobj=hostile, mode='w') as tar:
        for member in members():
            tar.addfile(member)
    content = hostile.getvalue()[: shard['bytes']]
    path.write_bytes(content + bytes(shard['bytes'] - len(content)))
    before = sorted(packed.root.parent.rglob('*'))
    shards = ShardBackend(packed.out)
    for entry in packed.entries:
        assert len(shards.get(entry.path)) == len(packed.content(entry.path))
    assert sorted(packed.root.parent.rglob('*')) == before


def test_name_of_a_shard_is_not_read(packed):
    packed.pack()
    facts = json.loads((packed.out / FACTS).read_text())
    for shard in facts['shards']:
        shard['file'] = '../own/classes.txt'
    (packed.out / FACTS).write_text(json.dumps(facts))
    path = packed.entries[0].path
    assert ShardBackend(packed.out).get(path) == packed.content(path)


@pytest.mark.parametrize(
    'path', ['../own/classes.txt', '/etc/passwd', 'videos/../../own/classes.txt', 'shards.json']
)
def test_files_outside_are_not_found(packed, path):
    packed.pack()
    with pytest.raises(DataError, match='is not in the shards'):
        ShardBackend(packed.out).get(path)


@pytest.mark.parametrize(('field', 'value'), [('shard', 99), ('offset', 2**62), ('size', 2**62)])
def test_index_that_points_elsewhere(packed, field, value):
    """Such a size would be asked of the memory."""
    packed.pack()
    records = np.load(packed.out / INDEX)
    records[field] = value
    np.save(packed.out / INDEX, records)
    with pytest.raises(DataError, match='is where no shard is'):
        ShardBackend(packed.out).get(packed.entries[0].path)


def test_names_that_are_packed_stay_in_the_folder(packed):
    """Whoever unpacks a shard gets its files into one folder, wherever they came from."""
    names = ['../outside/evil.mp4', 'videos/../../outside/b.mp4', str(packed.root / 'abs.mp4')]
    for name in names:
        packed.write(name, b'content')
    packed.entries = [ClipEntry(name, 0) for name in names]
    facts = packed.pack()
    for shard in facts['shards']:
        with tarfile.open(packed.out / shard['file']) as tar:
            for member in tar:
                assert member.isreg()
                assert not {'/', '\\', '..'} & {*member.name, member.name[:2]}, member.name
