import pytest
import torch
from mmengine.model import BaseDataPreprocessor

from mmavssl.models.algorithms import LocalizerTrainer
from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.models.data_preprocessors import AVDataPreprocessor, build_preprocessor

MEAN = (0.1, 0.2, 0.3)


def built_by_localizer_trainer(cfg):
    localizer, loss = dict(type='CenterPrior'), dict(type='FNACLoss')
    return LocalizerTrainer(localizer, loss, data_preprocessor=cfg).data_preprocessor


BUILDERS = [
    build_preprocessor,
    built_by_localizer_trainer,
    lambda cfg: RecognitionAlgorithm(data_preprocessor=cfg).data_preprocessor,
]


@pytest.mark.parametrize('build', BUILDERS)
@pytest.mark.parametrize(
    ('cfg', 'mean'),
    [
        (None, (0.45, 0.45, 0.45)),
        ({}, (0.45, 0.45, 0.45)),
        (dict(mean=MEAN), MEAN),
        (dict(type='AVDataPreprocessor', mean=MEAN), MEAN),
        (dict(type=AVDataPreprocessor, mean=MEAN), MEAN),
        (AVDataPreprocessor(MEAN), MEAN),
    ],
)
def test_default_type(build, cfg, mean):
    preprocessor = build(cfg)
    assert type(preprocessor) is AVDataPreprocessor
    torch.testing.assert_close(preprocessor.mean.flatten(), torch.tensor(mean))


@pytest.mark.parametrize('build', BUILDERS)
def test_another_type(build):
    assert type(build(dict(type='BaseDataPreprocessor'))) is BaseDataPreprocessor


def test_config_stays_as_it_is():
    cfg = dict(mean=MEAN)
    build_preprocessor(cfg)
    assert cfg == dict(mean=MEAN)
