import pytest

from mmavssl.datasets.preparation.earlier_lists import check_replaceable, describe_stale_splits
from mmavssl.datasets.preparation.folder import Folder
from mmavssl.datasets.splits import make_split
from mmavssl.utils import ConfigError

CLASSES = ('jump', 'run')


class Names(Folder):
    """Own videos of these classes."""

    def __init__(self, *classes: str) -> None:
        super().__init__()
        self._classes = classes


def test_same_classes_may_be_replaced(tmp_path):
    check_replaceable(Names('run'), tmp_path / 'nowhere')
    for text in ('run\nsit\n', '\ufeffrun \r\n\nsit', ''):
        (tmp_path / 'classes.txt').write_text(text, 'utf-8')
        check_replaceable(Names('run', 'sit'), tmp_path)


@pytest.mark.parametrize(
    ('new', 'changes'),
    [
        (('run',), "1 class would go: 'sit'"),
        (('jump', 'run', 'sit'), "1 class would be new: 'jump'"),
        (('videos',), "2 classes would go: 'run', 'sit'; 1 class would be new: 'videos'"),
        (
            ('a', 'b', 'c', 'd', 'run', 'sit'),
            "4 classes would be new: 'a', 'b', 'c', ...",
        ),
        (('sit', 'run'), 'in another order'),
    ],
)
def test_other_classes_are_not_replaced_unasked(tmp_path, new, changes):
    file = tmp_path / 'classes.txt'
    file.write_text('run\nsit\n')
    with pytest.raises(ConfigError) as caught:
        check_replaceable(Names(*new), tmp_path)
    assert str(caught.value) == (
        f'{file} has other classes than RAW_DIR ({changes}), and labels go by it. Name the folder '
        'that these lists are of, choose another OUT_DIR, or replace them by `--overwrite`.'
    )
    check_replaceable(Names(*new), tmp_path, overwrite=True)


def write_lists(root, train, classes=CLASSES):
    (root / 'classes.txt').write_text(''.join(f'{name}\n' for name in classes))
    rows = ''.join(f'{name},{classes.index(name.partition("/")[0])}\n' for name in train)
    (root / 'manifest_train.csv').write_text(f'path,label\n{rows}')


@pytest.fixture
def root(tmp_path):
    """Lists of two classes with four clips each, and splits, one without labels in its pool."""
    write_lists(tmp_path, [f'{name}/{i}.mp4' for name in CLASSES for i in range(4)])
    for shots, keep_labels in ((1, True), (2, False)):
        make_split(
            tmp_path / 'manifest_train.csv', tmp_path / 'classes.txt',
            tmp_path / f'splits/{shots}shot_seed0', shots, keep_labels=keep_labels,
        )  # fmt: skip
    return tmp_path


def test_splits_of_these_lists_fit(root):
    assert describe_stale_splits(root) is None
    train = [f'{name}/{i}.mp4' for name in CLASSES for i in range(5)]
    write_lists(root, train)  # one more of each
    assert describe_stale_splits(root) is None


def test_no_splits(tmp_path):
    assert describe_stale_splits(tmp_path) is None
    write_lists(tmp_path, ['run/0.mp4'])
    assert describe_stale_splits(tmp_path) is None


@pytest.mark.parametrize('gone', ['run/3.mp4', 'jump/0.mp4'])
def test_clip_that_left_the_training_list(root, gone):
    train = [f'{name}/{i}.mp4' for name in CLASSES for i in range(4)]
    train.remove(gone)
    write_lists(root, train)
    assert describe_stale_splits(root) == (
        'splits/1shot_seed0, splits/2shot_seed0: made from another list. Clips of it are no '
        f'longer in {root}/manifest_train.csv, where they may be test clips now, or have another '
        'label there. Make such splits again as before, with --overwrite: tools/data/make_split.py'
    )


def test_other_numbers_of_the_classes(root):
    """A new class before the others moves their labels; without one, a label is out of range."""
    train = [f'{name}/{i}.mp4' for name in CLASSES for i in range(4)]
    write_lists(root, train, ('clap', *CLASSES))
    assert describe_stale_splits(root).startswith('splits/1shot_seed0, splits/2shot_seed0: made')
    write_lists(root, train[:4], CLASSES[:1])
    assert describe_stale_splits(root).startswith('splits/1shot_seed0, splits/2shot_seed0: made')


def test_split_that_was_made_again_fits(root):
    write_lists(root, [f'{name}/{i}.mp4' for name in CLASSES for i in range(1, 4)])
    manifest, classes = root / 'manifest_train.csv', root / 'classes.txt'
    make_split(manifest, classes, root / 'splits/1shot_seed0', 1, overwrite=True)
    assert describe_stale_splits(root).startswith('splits/2shot_seed0: made from another list')
