import pytest
from mmengine.config import Config

import mmavssl.datasets  # noqa: F401  (fills the registries)
from mmavssl.datasets.config_leaks import describe_leaks


@pytest.fixture
def make(tmp_path):
    """Return what makes a config of lists of videos, by their numbers."""

    def write(name, numbers):
        rows = ''.join(f'{number}.mp4,0\n' for number in numbers)
        (tmp_path / name).write_text(f'path,label\n{rows}')
        return {'type': 'AVDataset', 'data_root': str(tmp_path), 'ann_file': name}

    def config(labeled, unlabeled, tested=(), validated=(0,), **keys):
        (tmp_path / 'classes.txt').write_text('a\n')
        streams = dict(
            type='SemiSupervisedDataset',
            labeled=write('labeled.csv', labeled),
            unlabeled=write('unlabeled.csv', unlabeled),
        )
        cfg = {
            'train_dataloader': {'dataset': streams},
            'val_dataloader': {'dataset': {**write('val.csv', validated), **keys}},
        }
        if tested:
            cfg['test_dataloader'] = {'dataset': write('test.csv', tested)}
        return Config(cfg)

    return config


def test_lists_of_their_own_pass(make):
    assert describe_leaks(make([1, 2], range(3, 9), [10, 11])) == []


def test_list_number_of_clips_and_first_names(make, tmp_path):
    cfg = make([1, 20], range(2, 12), tested=range(5, 30))
    first, second = describe_leaks(cfg)
    assert first.startswith(
        f'1 of 2 clips of `train_dataloader.dataset.labeled` ({tmp_path}/labeled.csv) are in the '
        'validation or test list as well: 20.mp4. Accuracies of this run say nothing of videos '
    )
    assert second.startswith('7 of 10 clips of `train_dataloader.dataset.unlabeled` (')
    assert ': 5.mp4, 6.mp4, 7.mp4, .... ' in second


def test_validation_counts_as_well(make):
    [line] = describe_leaks(make([1], [2, 3], validated=[3]))
    assert line.startswith('1 of 2 clips of `train_dataloader.dataset.unlabeled`')


@pytest.mark.parametrize(('indices', 'number'), [(2, 2), (-1, 1), ([0, 1, 3], 3)])
def test_parts_of_a_list_by_their_numbers(make, indices, number):
    cfg = make([100], range(4), validated=range(4), indices=indices)
    [line] = describe_leaks(cfg)
    assert line.startswith(f'{number} of 4 clips')


def test_what_is_not_there_is_not_looked_at(make, tmp_path):
    cfg = make([1], [2], tested=[2])
    (tmp_path / 'test.csv').unlink()
    assert describe_leaks(cfg) == []
    assert describe_leaks(Config({'train_dataloader': {'dataset': {'type': 'Other'}}})) == []
