from pathlib import Path

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.frame_sources import Source, find_sources


def found(*names, spelling=str):
    videos = {name: (1, 1) for name in names if name.endswith('.mp4')}
    others = sorted(name for name in names if name not in videos)
    return find_sources(FileTree(Path('raw'), videos, others=others), spelling)


def test_folders_of_frames_and_sounds():
    names = ('train/frames/a.jpg', 'train/audio/a.wav', 'test/Frames/b.PNG', 'test/audio/b.wav')
    assert found(*names) == {
        'a': [Source('train', 'train/frames/a.jpg', 'train/audio/a.wav')],
        'b': [Source('test', 'test/Frames/b.PNG', 'test/audio/b.wav')],
    }


def test_folder_of_several_frames_is_one_source():
    names = (
        'frames/a/1.jpg',
        'frames/a/2.jpg',
        'frames/a-b/1.jpg',
        'audio/a.wav',
        'audio/a-b.wav',
    )
    assert found(*names) == {
        'a': [Source('.', 'frames/a', 'audio/a.wav')],
        'a-b': [Source('.', 'frames/a-b', 'audio/a-b.wav')],
    }


def test_sounds_of_any_kind_and_wav_where_there_are_several():
    names = ('frames/a.jpg', 'audio/a.mp3', 'b.jpg', 'b.FLAC', 'c.jpg', 'c.m4a', 'd.jpg', 'd.ogg')
    sounds = {name: sources[0].sound for name, sources in found(*names).items()}
    assert sounds == {'a': 'audio/a.mp3', 'b': 'b.FLAC', 'c': 'c.m4a', 'd': 'd.ogg'}
    converted = ('a.wav', 'a.mp3', 'a.ogg', 'a.flac', 'a.m4a', 'a.jpg')
    assert found(*converted) == {'a': [Source('.', 'a.jpg', 'a.wav')]}


def test_side_by_side_and_videos():
    assert found('Data/a/a.jpg', 'Data/a/a.wav', 'b.png', 'b.wav', 'videos/c.mp4') == {
        'a': [Source('Data/a', 'Data/a/a.jpg', 'Data/a/a.wav')],
        'b': [Source('.', 'b.png', 'b.wav')],
        'c': [Source('videos', 'videos/c.mp4', 'videos/c.mp4')],
    }


def test_copies_and_halves():
    names = (
        'x/frames/a.jpg',
        'x/frames/a.png',
        'x/audio/a.wav',
        'y/frames/a/1.jpg',
        'y/audio/b.wav',
    )
    assert found(*names) == {
        'a': [
            Source('x', 'x/frames/a.jpg', 'x/audio/a.wav'),
            Source('x', 'x/frames/a.png', 'x/audio/a.wav'),
            Source('y', 'y/frames/a', None),
        ],
        'b': [Source('y', None, 'y/audio/b.wav')],
    }


def test_spelling_joins_names():
    assert list(found('A.mp4', 'x/a.mp4', spelling=str.lower)) == ['a']
