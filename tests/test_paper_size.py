"""One training iteration of every config at its own size, on a CPU.

Weights and data are random, and a clip is mixed with itself. Configs of one model (1 and 5 shots,
readings of the audio window) share a run. All of it takes 27 minutes of CPU time and 8 GB.
"""

import functools
import gc
import json
from pathlib import Path

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import Tensor, distributed

from mmavssl.registry import SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import without_init_cfg

CONFIGS = Path(__file__).parents[1] / 'configs'
NAMES = sorted(
    path.relative_to(CONFIGS).as_posix()
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts
)
USED = ('model', 'input_size', 'optim_wrapper')
LABELED = UNLABELED = 1


@pytest.fixture
def last_epoch():
    """Let it be an epoch after every warm-up."""
    hub = MessageHub.get_current_instance()
    epoch = hub.get_info('epoch', 0)
    hub.update_info('epoch', 1000)
    yield
    hub.update_info('epoch', epoch)


@pytest.fixture
def one_process(tmp_path):
    """A group of one process, without which an optimizer that is divided over processes is not."""
    store = f'file://{tmp_path}/store'
    distributed.init_process_group('gloo', init_method=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize('name', NAMES)
def test_one_iteration(name, last_epoch, one_process):
    cfg = load_config(str(CONFIGS / name)).to_dict()
    cfg['model'] = without_init_cfg(cfg['model'])
    losses = iterate(json.dumps({key: cfg[key] for key in USED}))
    assert expected_losses(cfg['model']) <= losses.keys()
    for key, value in losses.items():
        assert 0 < value < float('inf'), (key, losses)


def expected_losses(model: dict) -> set[str]:
    """Return the names of the losses that the components of a model stand for."""
    names = {'loss'}
    if 'student' in model:
        names.add('loss_sup')
    if 'threshold' in model:
        names |= {'loss_unsup', 'loss_mix', 'mix_ratio', 'pass_rate'}
    if model.get('contrast'):
        names.add('loss_contrast')
    if model.get('loss', {}).get('type') == 'FNACLoss':
        names |= {'contrast', 'fns1', 'tns', 'fns2'}
    return names


@functools.cache
def iterate(used: str) -> dict[str, float]:
    """Run one iteration, check what it did to the networks, and return the losses.

    Args:
        used: ``model``, ``input_size`` and ``optim_wrapper`` of a config as JSON.
    """
    gc.collect()
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    cfg = json.loads(used)
    classes = cfg['model'].get('student', {}).get('head', {}).get('num_classes', 1)
    model = SSL_ALGORITHMS.build(cfg['model']).train()
    if 'threshold' in cfg['model']:
        model.threshold.threshold = 0.0  # all pseudo labels count
        model.threshold.setup(UNLABELED, classes)
    optim_wrapper = build_optim_wrapper(model, {**cfg['optim_wrapper'], 'accumulative_counts': 1})
    networks = getattr(model, 'networks', None) or {'localizer': model.localizer}
    before = {role: last_weight(network).clone() for role, network in networks.items()}
    losses = model.train_step(batch(cfg['input_size']), optim_wrapper)
    if 'teacher' in networks:
        model.update_teacher(momentum=0.01)
    for role, network in networks.items():
        assert all(parameter.isfinite().all() for parameter in network.parameters()), role
        assert not torch.equal(last_weight(network), before[role]), role
    return {name: float(value.detach()) for name, value in losses.items()}


def last_weight(network: torch.nn.Module) -> Tensor:
    """Return one of the parameters: of the head, or of the projection of sounds."""
    return list(network.parameters())[-1].detach()


def batch(input_size: dict[str, int]) -> dict:
    """Return random clips as the collate function gives them."""
    samples = {
        'labeled': [AVDataSample().set_gt_label(0) for _ in range(LABELED)],
        'unlabeled': [AVDataSample(metainfo={'sample_idx': i}) for i in range(UNLABELED)],
    }
    inputs = {
        'labeled': {'weak': view(LABELED, input_size)},
        'unlabeled': {name: view(UNLABELED, input_size) for name in ('weak', 'strong')},
    }
    return {'inputs': inputs, 'data_samples': samples}


def view(clips: int, input_size: dict[str, int]) -> dict[str, Tensor]:
    """Return random frames, and random log-mels of which the localizer hears the same."""
    num_frames, size = input_size['num_frames'], input_size['size']
    video = torch.randint(256, (clips, 3, num_frames, size, size), dtype=torch.uint8)
    if 'audio_frames' not in input_size:
        return {'video': video}
    audio = torch.randn(clips, input_size['audio_frames'], input_size['num_mel_bins'])
    return {'video': video, 'audio': audio, 'audio_clean': audio}
