import pytest
from mmengine.hooks import LoggerHook
from mmengine.optim import AmpOptimWrapper, CosineAnnealingLR, OptimWrapper
from mmengine.runner import LogProcessor
from torch.optim import SGD
from torch.utils.data import DataLoader

from mmavssl.engine.loops import ResumableTrainLoop
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.foreign_rules import check_env, check_foreign

ENTRY = {'data_src': 'loss', 'method_name': 'mean', 'window_size': 'epoch'}


@pytest.mark.parametrize(
    ('target', 'arguments', 'message'),
    [
        (ResumableTrainLoop, {'max_epochs': 0}, 'a.max_epochs: Expected `max_epochs` to be at'),
        (DataLoader, {'num_workers': 10**9}, 'a.num_workers: .* to be at most 1024'),
        (DataLoader, {'persistent_workers': True}, r'Set a\.persistent_workers=False as well'),
        (DataLoader, {'num_workers': 0, 'prefetch_factor': 4}, 'prefetch_factor: 4 needs work'),
        (SGD, {'lr': -1}, 'a.lr: .* to be positive, but got -1'),
        (CosineAnnealingLR, {'T_max': 0}, 'a.T_max: .* at least 1'),
        (LoggerHook, {'interval': 0}, 'a.interval: .* at least 1'),
        (LogProcessor, {'custom_cfg': [{**ENTRY, 'window': 3}]}, r'custom_cfg\[0\].window: '),
        (LogProcessor, {'custom_cfg': [{'data_src': 'a'}]}, r'\[0\].method_name: expected a str'),
        (LogProcessor, {'custom_cfg': [ENTRY, ENTRY]}, r"\[1\]: .* is logged as 'loss'"),
        (LogProcessor, {'custom_cfg': [{**ENTRY, 'window_size': 0}]}, 'window_size: expected a'),
        (AmpOptimWrapper, {'clip_grad': {'max_nnorm': 1}}, r'a.clip_grad.max_nnorm: .* max_norm'),
        (OptimWrapper, {'clip_grad': {'type': 'value', 'max_norm': 1}}, 'clip_grad.max_norm: '),
        (OptimWrapper, {'clip_grad': {'type': 'all'}}, r"clip_grad.type: .* but got 'all'"),
        (OptimWrapper, {'clip_grad': {'norm_type': 2}}, "a.clip_grad: expected 'max_norm'"),
        (OptimWrapper, {'clip_grad': 35}, 'a.clip_grad: expected a dict, but got 35'),
    ],
)
def test_refused(target, arguments, message):
    with pytest.raises(ConfigError, match=message):
        check_foreign(target, arguments, 'a')


def test_accepted():
    check_foreign(DataLoader, {'num_workers': 1, 'persistent_workers': True}, 'a')
    check_foreign(DataLoader, {'persistent_workers': False, 'prefetch_factor': None}, 'a')
    check_foreign(ResumableTrainLoop, {'max_epochs': 3, 'val_interval': 1}, 'a')
    check_foreign(LogProcessor, {'custom_cfg': [ENTRY, {**ENTRY, 'log_name': 'b'}]}, 'a')
    for clip_grad in (None, {'max_norm': 1}, {'type': 'value', 'clip_value': 0.2}):
        check_foreign(OptimWrapper, {'clip_grad': clip_grad}, 'a')
    class Own(OptimWrapper):
        """Clips in a way of its own."""

    check_foreign(Own, {'clip_grad': {'type': 'agc', 'ratio': 1}}, 'a')
    check_env({'cudnn_benchmark': True, 'mp_cfg': {'mp_start_method': 'spawn'}})


@pytest.mark.parametrize(
    ('env_cfg', 'message'),
    [
        ({'mp_cfgs': {}}, "env_cfg.mp_cfgs: nothing reads this key. Did you mean 'mp_cfg'"),
        ({'mp_cfg': 3}, 'env_cfg.mp_cfg: expected a dict, but got 3'),
        ({'mp_cfg': {'mp_start_method': 'for'}}, "mp_start_method: .* got 'for'"),
        ({'dist_cfg': {'backends': 'nccl'}}, 'env_cfg.dist_cfg.backends: '),
        ({'dist_cfg': {'backend': 1}}, 'dist_cfg.backend: expected a string'),
        ({'cudnn_benchmark': 'no'}, 'cudnn_benchmark: expected a bool'),
    ],
)
def test_environment(env_cfg, message):
    with pytest.raises(ConfigError, match=message):
        check_env(env_cfg)
