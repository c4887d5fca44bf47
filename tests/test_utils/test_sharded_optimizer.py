"""An optimizer that builds another one: the check sees what that one takes."""

from pathlib import Path

import pytest

from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / 'configs/asl_mix'
CONFIG = str(CONFIGS / 'k400_1shot_zero.py')


@pytest.mark.parametrize('safe', [False, True])
@pytest.mark.parametrize('name', ['k400_1shot_zero', 'k400_1shot_fsdp'])
def test_the_configs_pass(name, safe):
    check_config(load_config(str(CONFIGS / f'{name}.py'), safe=safe))


@pytest.mark.parametrize(
    ('change', 'begin', 'hint'),
    [
        ('optimizer_type=SDG', 'optim_wrapper.optimizer.optimizer_type: ', "'SGD'?"),
        ('optimizer_type=lr_scheduler', 'optim_wrapper.optimizer.optimizer_type: ', 'torch.optim'),
        ('momentun=0.9', 'optim_wrapper.optimizer.momentun: SGD ', "'momentum'?"),
    ],
)
def test_mistakes_name_key_and_nearest(change, begin, hint):
    cfg = load_config(CONFIG, [f'optim_wrapper.optimizer.{change}'])
    with pytest.raises(ConfigError) as caught:
        check_config(cfg)
    assert str(caught.value).startswith(begin)
    assert hint in str(caught.value)


def test_several_processes_are_not_needed_to_read_it():
    cfg = load_config(CONFIG, ['optim_wrapper.optimizer.parameters_as_bucket_view=True'])
    check_config(cfg)
