import os

import pytest

from mmavssl.datasets.preparation.file_tree import list_files
from mmavssl.utils import DataError


def test_videos_and_lists(tmp_path):
    (tmp_path / 'b/c').mkdir(parents=True)
    (tmp_path / '.git').mkdir()
    for name in (
        'b/c/Ü 1, "2".MP4',
        'b/a.webm',
        'list.csv',
        'b/readme.md',
        '.git/x.mp4',
        '._y.mp4',
    ):
        (tmp_path / name).write_text('four')
    tree = list_files(tmp_path)
    assert list(tree.videos) == ['b/a.webm', 'b/c/Ü 1, "2".MP4']
    assert tree.videos['b/a.webm'] == (4, (tmp_path / 'b/a.webm').stat().st_mtime_ns)
    assert tree.lists == ['list.csv']


def test_links_are_followed_but_not_in_circles(tmp_path):
    (tmp_path / 'store').mkdir()
    (tmp_path / 'store/a.mp4').touch()
    (tmp_path / 'raw').mkdir()
    (tmp_path / 'raw/class').symlink_to('../store')
    (tmp_path / 'store/back').symlink_to('../raw')
    assert list(list_files(tmp_path / 'raw').videos) == ['class/a.mp4']


def test_names_that_no_list_can_hold(tmp_path):
    with open(os.fsencode(tmp_path) + b'/caf\xe9.mp4', 'w'), open(tmp_path / 'a\nb.mp4', 'w'):
        tree = list_files(tmp_path)
    assert not tree.videos
    assert tree.unnameable == ["'a\\nb.mp4'", "'caf\\udce9.mp4'"]


def test_no_folder(tmp_path):
    with pytest.raises(DataError, match='nowhere is not a folder'):
        list_files(tmp_path / 'nowhere')
