import pytest

from mmavssl.parallel.sharded_model import check_divisible
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError
from tests.small_methods import build
from tests.test_models.test_algorithms.toys import student_cfg


@pytest.mark.parametrize('audio', [False, True])
def test_transformers_can_be_divided(audio):
    check_divisible(MODELS.build(student_cfg(audio)))


def test_other_networks_are_refused_by_name():
    with pytest.raises(ConfigError, match=r'divides transformers; LTGStudent cannot be'):
        check_divisible(build('ltg').student)
    cfg = student_cfg(audio=False)
    cfg['backbone'] = dict(type='ResNet3d18', base_channels=1)
    with pytest.raises(ConfigError, match=r'ResNet3d18 cannot be.*model_wrapper_cfg'):
        check_divisible(MODELS.build(cfg))
