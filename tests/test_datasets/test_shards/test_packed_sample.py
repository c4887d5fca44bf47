import json

import pytest

from mmavssl.datasets.manifest import ClipEntry
from mmavssl.datasets.shards.packed_sample import read_sample
from mmavssl.utils import DataError


@pytest.fixture
def root(tmp_path):
    for name in ('a.MP4', 'a.wav', 'b.wav', 'c.x y'):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_one_clip(root):
    sample = read_sample('07', [ClipEntry('a.MP4', 1)], root, ('run', 'sit'))
    about = json.loads(sample.contents.pop('json'))
    assert about == {'path': 'a.MP4', 'label': 1, 'class': 'sit', 'start': None, 'end': None}
    assert sample.contents == {'mp4': b'a.MP4'}
    assert (sample.key, sample.paths) == ('07', {'mp4': 'a.MP4'})


def test_parts_with_sound_files(root):
    entries = [
        ClipEntry('a.MP4', 1, 0.0, 1.5, 'a.wav'),
        ClipEntry('a.MP4', None, 1.5, 2.0, 'b.wav'),
        ClipEntry('a.MP4', 0, 2.0, 3.0, 'a.MP4', confidence=0.0),
    ]
    sample = read_sample('07', entries, root, ('run', 'sit'))
    about = json.loads(sample.contents.pop('json'))
    assert sample.contents == {'mp4': b'a.MP4', 'sound.wav': b'a.wav', 'sound1.wav': b'b.wav'}
    assert sample.paths == {'mp4': 'a.MP4', 'sound.wav': 'a.wav', 'sound1.wav': 'b.wav'}
    assert about['path'] == 'a.MP4'
    assert (about['label'], about['end'], about['audio_path']) == (1, 1.5, 'a.wav')
    assert [clip['class'] for clip in about['clips']] == ['sit', None, 'run']
    assert about['clips'][1] == {
        'label': None, 'class': None, 'start': 1.5, 'end': 2.0, 'audio_path': 'b.wav',
    }  # fmt: skip
    assert about['clips'][2]['confidence'] == 0


def test_suffix_that_is_none(root):
    assert set(read_sample('07', [ClipEntry('c.x y')], root, ()).contents) == {'bin', 'json'}


def test_files_that_cannot_be_read(root, monkeypatch):
    (root / 'empty.mp4').touch()
    for name, problem in (('no.mp4', 'does not exist'), ('empty.mp4', 'is empty')):
        with pytest.raises(DataError, match=f'{name} {problem}'):
            read_sample('07', [ClipEntry(name)], root, ())
        with pytest.raises(DataError, match=f'{name} {problem}'):
            read_sample('07', [ClipEntry('a.MP4', audio_path=name)], root, ())

    def fail(path):
        raise OSError(5, 'Input/output error')

    monkeypatch.setattr('pathlib.Path.read_bytes', fail)
    with pytest.raises(DataError, match=r'a\.wav cannot be read: Input/output error'):
        read_sample('07', [ClipEntry('a.wav')], root, ())
