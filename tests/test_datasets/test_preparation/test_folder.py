from collections import Counter
from pathlib import Path

import pytest

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.folder import Folder, Unlabeled
from mmavssl.utils import ConfigError, DataError


def find(*paths, recipe=None):
    recipe = recipe or Folder()
    return recipe, recipe.find(FileTree(Path('raw'), dict.fromkeys(sorted(paths), (1, 1))))


@pytest.mark.parametrize('test', ['test', 'val', 'validation', 'Test'])
def test_train_and_test_folders(test):
    recipe, found = find(f'{test}/run/c.mp4', 'train/run/a.mp4', 'train/a b, c/x/b.mp4', 'z/d.mp4')
    assert recipe.classes == ('a b, c', 'run')
    assert {(clip.part, clip.class_name) for clip in found.clips} == {
        ('train', 'a b, c'), ('train', 'run'), ('test', 'run')
    }  # fmt: skip
    assert found.others == {'outside of the folders train and test': 1}


def test_file_in_no_class_folder():
    _, found = find('train/a.mp4', 'train/run/b.mp4', 'test/run/c.mp4')
    assert [tuple(row)[:3] for row in found.rejected] == [
        ('train/a.mp4', 'unknown class', 'it is in no class folder')
    ]


def class_tree():
    return [f'{name}/{i:02d}.mp4' for name, n in (('run', 10), ('sit', 25)) for i in range(n)]


@pytest.mark.parametrize(('percent', 'counts'), [(None, (2, 5)), (50, (5, 12)), (1, (1, 1))])
def test_share_of_each_class(percent, counts):
    _, found = find(*class_tree(), recipe=Folder(percent, seed=3))
    tested = Counter(clip.class_name for clip in found.clips if clip.part == 'test')
    assert (tested['run'], tested['sit']) == counts
    assert len(found.clips) == 35


def test_choice_follows_from_seed_and_names_alone():
    def tested(seed, paths):
        _, found = find(*paths, recipe=Folder(20, seed))
        return {clip.path for clip in found.clips if clip.part == 'test'}

    paths = class_tree()
    run_alone = tested(0, [path for path in paths if path.startswith('run')])
    assert tested(0, paths) == tested(0, reversed(paths))
    assert run_alone == {path for path in tested(0, paths) if path.startswith('run')}
    assert tested(0, paths) != tested(1, paths)


@pytest.mark.parametrize('seed', range(5))
def test_clips_of_a_recording_stay_together(seed):
    paths = [f'Archery/v_Archery_g{g:02d}_c{c:02d}.avi' for g in range(1, 9) for c in range(1, 5)]
    _, found = find(*paths, recipe=Folder(25, seed))
    parts = {}
    for clip in found.clips:
        parts.setdefault(clip.path.partition('_c')[0], set()).add(clip.part)
    assert all(len(part) == 1 for part in parts.values())
    assert Counter(clip.part for clip in found.clips) == {'train': 24, 'test': 8}


def test_class_of_one_recording_is_for_training():
    _, found = find('run/a.mp4', 'sit/a.mp4', 'sit/b.mp4')
    parts = Counter((clip.class_name, clip.part) for clip in found.clips)
    assert parts == {('run', 'train'): 1, ('sit', 'train'): 1, ('sit', 'test'): 1}


def test_unlabeled():
    _, found = find('a.mp4', 'b/c.mp4', recipe=Unlabeled())
    assert [(clip.part, clip.class_name) for clip in found.clips] == [('unlabeled', None)] * 2


@pytest.mark.parametrize('spelling', ['data', 'data/../data', 'link'])
def test_folders_beside_the_lists_are_no_classes(tmp_path, spelling):
    """They are a pool, splits, or our link to the videos."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'link').symlink_to('data')
    tree = FileTree(tmp_path / spelling, {'videos/run/a.mp4': (1, 1), 'more/b.mp4': (1, 1)})
    with pytest.raises(DataError) as caught:
        Folder().check_place(tree, tmp_path / 'data')
    assert str(caught.value) == (
        f'{tmp_path}/{spelling} is a folder of lists, and has no folders train and test (or val): '
        'its folders are not taken for classes. Make train/<class>/ and test/<class>/ there, or '
        'name the folder of the class folders as RAW_DIR.'
    )
    Folder().check_place(tree, tmp_path / 'other')
    Unlabeled().check_place(tree, tmp_path / 'data')
    Folder().check_place(FileTree(tree.root, {'Val/run/a.mp4': (1, 1)}), tmp_path / 'data')


def test_link_of_an_earlier_run_is_no_class(tmp_path):
    """Nor for lists elsewhere; a link in a folder without lists is somebody's own."""
    (tmp_path / 'videos').symlink_to(tmp_path)
    videos = {'videos/run/a.mp4': (1, 1)}
    Folder().check_place(FileTree(tmp_path, videos), tmp_path / 'out')
    tree = FileTree(tmp_path, videos, ['manifest_train.csv'])
    with pytest.raises(DataError, match='is a folder of lists'):
        Folder().check_place(tree, tmp_path / 'out')


def test_faults():
    with pytest.raises(ConfigError, match='`--test-percent` to be between 0 and 100, but got 0'):
        Folder(0.0)
    with pytest.raises(ConfigError, match='Leave out `--test-percent`'):
        find('train/a/b.mp4', 'test/a/b.mp4', recipe=Folder(20))
    with pytest.raises(DataError, match=r'has a folder train, but none test \(or val\)'):
        find('train/a/b.mp4')
