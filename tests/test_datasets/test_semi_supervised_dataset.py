import pytest
import torch
from torch.utils.data import Dataset

from mmavssl.datasets import AVDataset, SemiSupervisedDataset
from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex
from mmavssl.utils import ConfigError, DataError


class Draws:
    def __call__(self, results):
        return {**results, 'draw': torch.rand(1).item()}


class Named(Dataset):
    """Smallest data set that may be a stream."""

    def __init__(self, size, classes=('run', 'jump')):
        self.size, self.metainfo = size, {'classes': classes}

    def __len__(self):
        return self.size

    def __getitem__(self, draw):
        return draw


@pytest.fixture
def cfg(tmp_path):
    (tmp_path / 'classes.txt').write_text('run\njump\n')
    for name, count in (('labeled', 3), ('unlabeled', 7)):
        rows = [f'{name}/{i}.mp4,{i % 2}' for i in range(count)]
        (tmp_path / f'{name}.csv').write_text('\n'.join(['path,label', *rows]) + '\n')
    streams = {
        name: dict(
            type='AVDataset', data_root=str(tmp_path), ann_file=f'{name}.csv', pipeline=[Draws()]
        )
        for name in ('labeled', 'unlabeled')
    }
    return dict(type='SemiSupervisedDataset', **streams)


def test_labeled_first_and_own_numbers(cfg):
    dataset = DATASETS.build(cfg)
    dataset.full_init()
    assert len(dataset) == 10
    samples = [dataset[i] for i in range(10)]
    assert [s['source'] for s in samples] == ['labeled'] * 3 + ['unlabeled'] * 7
    assert [s['sample_idx'] for s in samples] == [*range(3), *range(7)]
    for sample in samples:
        path = f'{sample["source"]}/{sample["sample_idx"]}.mp4'
        assert sample['video_path'].endswith(path)
    assert all('label' in s for s in samples[:3])
    assert not any('label' in s for s in samples[3:])
    assert dataset.metainfo == {'classes': ('run', 'jump')}


def test_draw_is_that_of_the_stream(cfg):
    dataset = DATASETS.build(cfg)
    for index in range(10):
        draw = DrawIndex(index, epoch=2, repeat=1)
        stream, own = (dataset.labeled, index) if index < 3 else (dataset.unlabeled, index - 3)
        assert dataset[draw] == stream[draw._replace(index=own)]
        assert dataset[draw]['draw'] != dataset[index]['draw']


@pytest.mark.parametrize('index', [10, -11, DrawIndex(12)])
def test_no_such_sample(cfg, index):
    dataset = DATASETS.build(cfg)
    with pytest.raises(IndexError, match='below 10'):
        dataset[index]
    assert dataset[-1] == dataset[9]
    assert dataset[-10] == dataset[0]


def test_without_configs():
    dataset = SemiSupervisedDataset(Named(2), Named(4))
    assert dataset[DrawIndex(3, 1, 1)] == DrawIndex(1, 1, 1)


@pytest.mark.parametrize(('sizes', 'name'), [((0, 3), 'labeled'), ((3, 0), 'unlabeled')])
def test_empty_stream(sizes, name):
    with pytest.raises(DataError, match=f'The {name} data set is empty'):
        SemiSupervisedDataset(*map(Named, sizes))


def test_empty_list(cfg, tmp_path):
    (tmp_path / 'unlabeled.csv').write_text('path,label\n')
    with pytest.raises(DataError, match=r'unlabeled\.csv lists no clip'):
        DATASETS.build(cfg)


@pytest.mark.parametrize(
    ('classes', 'detail'),
    [
        (('jump', 'run'), "class 0 is 'run' and 'jump'"),
        (('run', 'jump', 'sit'), 'there are 2 and 3'),
    ],
)
def test_classes_must_agree(classes, detail):
    with pytest.raises(DataError, match=detail):
        SemiSupervisedDataset(Named(2), Named(2, classes))
    SemiSupervisedDataset(Named(2), Named(2, ['run', 'jump']))


def test_wrong_source(cfg):
    cfg['unlabeled']['source'] = 'labeled'
    with pytest.raises(ConfigError, match=r"`unlabeled` data set .* got 'labeled'"):
        DATASETS.build(cfg)
    labeled = AVDataset(**{k: v for k, v in cfg['labeled'].items() if k != 'type'})
    with pytest.raises(ConfigError, match="source='unlabeled'"):
        SemiSupervisedDataset(labeled, labeled)
