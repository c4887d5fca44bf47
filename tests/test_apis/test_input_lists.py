import doctest
from pathlib import Path

import pytest

from mmavssl.apis import input_lists
from mmavssl.apis.input_lists import clips_of_list
from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.utils.errors import DataError


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A list two folders below what its paths are relative to, as splits are."""
    monkeypatch.chdir(tmp_path)
    Path('own/splits/1shot').mkdir(parents=True)
    Path('own/videos').mkdir()
    Path('own/videos/a.mp4').touch()
    path = Path('own/splits/1shot/unlabeled.csv')
    path.write_text('path,start\nvideos/a.mp4,2\nvideos/gone.mp4,\n/b.mp4,\nhttp://h/c.mp4,\n')
    return path


def places(entries):
    return [entry.path for entry in entries]


def test_paths_are_of_the_folder_that_has_them(pool, monkeypatch):
    far = ['/b.mp4', 'http://h/c.mp4']
    found = clips_of_list(str(pool))
    assert places(found) == ['own/videos/a.mp4', 'own/videos/gone.mp4', *far]
    assert (found[0], found[0].line) == (ClipEntry('own/videos/a.mp4', start=2.0), 2)
    root = pool.resolve().parents[2]
    monkeypatch.chdir(pool.parent)
    assert places(clips_of_list(pool.name)) == [
        f'{root}/videos/a.mp4', f'{root}/videos/gone.mp4', *far,
    ]  # fmt: skip


def test_folder_beside_that_of_the_list_is_not_above_it(pool, tmp_path, monkeypatch):
    Path('other/videos').mkdir(parents=True)
    Path('other/videos/a.mp4').touch()
    monkeypatch.chdir('other')
    found = clips_of_list('../own/splits/1shot/unlabeled.csv')
    assert places(found)[0] == f'{tmp_path}/own/videos/a.mp4'


def test_first_file_may_be_gone(pool):
    pool.write_text(f'path\nvideos/gone.mp4\n{"x" * 300}.mp4\nvideos/a.mp4\n')
    assert places(clips_of_list(str(pool)))[::2] == ['own/videos/gone.mp4', 'own/videos/a.mp4']


def test_paths_are_of_the_root_that_is_named(pool):
    Path('new').mkdir()
    assert places(clips_of_list(str(pool), 'new'))[1] == 'new/videos/gone.mp4'
    assert places(clips_of_list(str(pool), Path('new').resolve().as_uri()))[0] == str(
        Path('new/videos/a.mp4').resolve()
    )
    assert places(clips_of_list(str(pool), 'http://h/d'))[0] == 'http://h/d/videos/a.mp4'
    with pytest.raises(DataError, match=r'nowhere is not a folder. Correct `data_root`'):
        clips_of_list(str(pool), 'nowhere')


def test_list_of_nothing_but_whole_places(pool):
    pool.write_text('path\nfile:///x/b%20c.mp4\nhttp://h/c.mp4\n')
    assert places(clips_of_list(str(pool))) == ['/x/b c.mp4', 'http://h/c.mp4']


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('path\nvideos/b.mp4\n', r'its file videos/b\.mp4 is neither .*--data-root'),
        ('path\nftp://h/c.mp4\n', 'ftp://h/c.mp4: there is no storage for ftp://'),
        ('path\na.mp4\na.mp4\n', r'unlabeled\.csv:3: a\.mp4 is in line 2 already'),
        ('path,start\na.mp4,x\n', r'unlabeled\.csv:2: expected `start`'),
        ('path\n', r'unlabeled\.csv lists no clip'),
    ],
)
def test_faults(pool, text, message):
    pool.write_text(text)
    with pytest.raises(DataError, match=message):
        clips_of_list(str(pool))


def test_lists_that_are_not_on_the_disk(pool):
    with pytest.raises(DataError, match=r'gone\.csv is not a file'):
        clips_of_list('gone.csv')
    with pytest.raises(DataError, match=r'a list has to be on this disk\. Download it'):
        clips_of_list('http://host/list.csv')


def test_examples():
    assert doctest.testmod(input_lists).failed == 0
