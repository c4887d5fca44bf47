import pytest
from mmengine.config import Config

import mmavssl.datasets  # noqa: F401  (fills the registries)
from mmavssl.datasets.config_gaps import describe_gaps

CLASSES = 'abcdefgh'


@pytest.fixture
def write(tmp_path):
    """Return what writes a list of clips with these labels, and gives its data set's config."""
    (tmp_path / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')

    def write_list(name, labels):
        rows = ''.join(f'{row}.mp4,{label}\n' for row, label in enumerate(labels))
        (tmp_path / name).write_text(f'path,label\n{rows}')
        return {'type': 'AVDataset', 'data_root': str(tmp_path), 'ann_file': name}

    return write_list


def streams(labeled, unlabeled):
    dataset = {'type': 'SemiSupervisedDataset', 'labeled': labeled, 'unlabeled': unlabeled}
    return Config({'train_dataloader': {'dataset': dataset}})


def test_labels_of_the_pool_tell_nothing(write, tmp_path):
    assert describe_gaps(streams(write('l.csv', range(8)), write('u.csv', [1]))) is None
    line = describe_gaps(streams(write('l.csv', [0, 2, 3, 4, 5, 6]), write('u.csv', range(8))))
    assert line.startswith(f'2 of 8 classes have no labeled clip in {tmp_path}/l.csv, so that ')
    assert line.endswith('what they are: b, h. Label a clip of each.')


def test_five_are_named(write):
    line = describe_gaps(streams(write('l.csv', [7]), write('u.csv', [1])))
    assert ': a, b, c, d, e and 2 more. Label' in line


def test_only_the_clips_that_are_taken_count(write):
    labeled = {**write('l.csv', range(8)), 'indices': [0, 1, 2, 3, 5, 6, 7]}
    assert 'they are: e. ' in describe_gaps(streams(labeled, write('u.csv', [1])))


def test_lists_are_labeled_together(write):
    parts = [write('a.csv', range(5)), write('b.csv', range(4, 8))]
    cfg = Config({'train_dataloader': {'dataset': {'type': 'ConcatDataset', 'datasets': parts}}})
    assert describe_gaps(cfg) is None


def test_a_localizer_learns_without_labels(write):
    cfg = Config({'train_dataloader': {'dataset': {**write('l.csv', [1]), 'source': 'unlabeled'}}})
    assert describe_gaps(cfg) is None
    cfg.train_dataloader.dataset.source = 'labeled'
    assert describe_gaps(cfg)
