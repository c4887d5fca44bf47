"""What a sample is, and how lists become samples."""

import pytest
from mmengine.config import Config

from mmavssl.datasets import AVDataset, open_lists
from mmavssl.datasets.clip_check import check_clips
from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex
from mmavssl.utils import ConfigError
from tests.test_datasets.test_av_dataset.toys import clips_in, make


def test_what_enters_the_pipeline(root):
    sample = make(root, 'full.csv', pipeline=[])[0]
    assert sample == {
        'video_path': str(root / 'v/0.mp4'),
        'audio_path': str(root / 'a/0.wav'),
        'start': 1.0,
        'end': 2.5,
        'source': 'labeled',
        'label': 1,
        'sample_idx': 0,
    }
    assert make(root, pipeline=[])[4]['audio_path'] is None


@pytest.mark.parametrize('ann_file', ['train.csv', 'bare.csv'])
def test_hidden_labels_are_for_logs_only(root, ann_file):
    dataset = make(root, ann_file, pipeline=[], source='unlabeled')
    for i in range(len(dataset)):
        sample = dataset[i]
        assert sample['gt_for_log'] == (i % 3 if ann_file == 'train.csv' else -1)
        assert not {'label', 'gt_label'} & sample.keys()


def test_names_of_the_classes(root):
    assert make(root, metainfo={'task': 'x'}).metainfo == {
        'classes': ('run', 'jump', 'sit'),
        'task': 'x',
    }


@pytest.mark.parametrize('serialize_data', [True, False])
def test_mechanics_of_base_dataset(root, serialize_data):
    dataset = make(root, serialize_data=serialize_data, lazy_init=True)
    assert not dataset._fully_initialized
    dataset.full_init()
    assert len(dataset) == 10
    assert len(make(root, serialize_data=serialize_data, indices=4)) == 4
    subset = dataset.get_subset([8, 2])
    assert [s['video_path'][-5:] for s in (subset[0], subset[1])] == ['8.mp4', '2.mp4']
    assert [subset.get_data_info(i)['sample_idx'] for i in (0, 1, -1)] == [0, 1, 1]


def test_list_that_was_checked_is_not_read_again(root, monkeypatch):
    cfg = Config({'loader': {'dataset': {'type': 'AVDataset', 'ann_file': 'train.csv'}}})
    cfg.loader.dataset.data_root = str(root)
    for i in (0, 5, 9):
        (root / f'v/{i}.mp4').parent.mkdir(exist_ok=True)
        (root / f'v/{i}.mp4').touch()
    check_clips(cfg, ('loader',))
    monkeypatch.setattr(open_lists, 'read_manifest', None)
    first, second = make(root), make(root, source='unlabeled')
    assert clips_in(first) == clips_in(second) == list(range(10))


class OwnList(AVDataset):
    """A subclass that makes the list itself."""

    def load_data_list(self):
        return [{'video_path': f'{i}.mp4', 'audio_path': None} for i in range(4)]


@pytest.mark.parametrize('serialize_data', [True, False])
def test_list_of_a_subclass(root, serialize_data):
    dataset = OwnList('', data_root=str(root), serialize_data=serialize_data)
    assert clips_in(dataset) == [0, 1, 2, 3]
    assert clips_in(dataset.get_subset([3, 1])) == [3, 1]
    assert hasattr(dataset, 'data_bytes') is serialize_data


def test_lazy_data_set_needs_no_list(root):
    assert make(root, 'nowhere.csv', lazy_init=True).metainfo['classes'][0] == 'run'


@pytest.mark.parametrize('index', [10, 11, -11, DrawIndex(10)])
def test_no_such_sample(root, index):
    with pytest.raises(IndexError, match='below 10'):
        make(root)[index]


def test_iteration_ends(root):
    dataset = make(root)
    assert [sample['sample_idx'] for sample in dataset] == list(range(10))
    assert dataset[-1] == dataset[9]


def test_configs(root):
    cfg = {'type': 'AVDataset', 'ann_file': 'train.csv', 'data_root': str(root)}
    assert len(DATASETS.build(cfg)) == 10
    with pytest.raises(ConfigError, match="Did you mean 'data_root'"):
        DATASETS.build({**cfg, 'dataroot': 'x'})
    with pytest.raises(ConfigError, match=r"`source` to be one of .* got 'weak'"):
        DATASETS.build({**cfg, 'source': 'weak'})
