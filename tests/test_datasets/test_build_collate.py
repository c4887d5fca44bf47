import pytest
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmavssl.datasets import av_collate
from mmavssl.datasets.build_collate import build_collate
from mmavssl.utils.errors import ConfigError


class Numbers(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {'number': index}


def plus(samples, more=1):
    return [sample['number'] + more for sample in samples]


@pytest.mark.parametrize(
    'collate',
    [{}, {'collate_fn': dict(type=plus, more=5)}, {'collate_fn': plus},
     {'collate_fn': dict(type='pseudo_collate')}],
)  # fmt: skip
def test_batches_are_those_of_mmengines_loader(collate):
    init_default_scope('mmavssl')
    loader = dict(dataset=Numbers(), batch_size=4, num_workers=0, **collate)
    sampler = dict(type='DefaultSampler', shuffle=False)
    [expected] = Runner.build_dataloader({**loader, 'sampler': sampler})
    assert build_collate(loader)([Numbers()[i] for i in range(4)]) == expected


@pytest.mark.parametrize(
    ('loader', 'function'),
    [
        ({}, pseudo_collate),
        ({'collate_fn': None}, pseudo_collate),
        ({'collate_fn': dict(type='av_collate')}, av_collate),
        ({'collate_fn': dict(type='mmavssl.av_collate')}, av_collate),
    ],
)
def test_functions_by_name(loader, function):
    assert build_collate(loader).func is function


def test_unknown_function():
    with pytest.raises(ConfigError, match="'av_colate' is not a function"):
        build_collate({'collate_fn': dict(type='av_colate')})
