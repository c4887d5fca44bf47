"""Every shipped config: it is data, its components exist, its networks build, and it trains.

A step is of real clips through the config's own pipelines, but of narrow and shallow networks for
smaller frames and sounds. The rest is the config's: algorithm, mixer, masker, localizer, kind of
threshold, losses and their weights, optimizer. Configs that are then the same, but for the number
of classes, share a step.
"""

import functools
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import Tensor, distributed, nn

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl import registry
from mmavssl.datasets import semi_supervised_collate
from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.registry import DATASETS, LOCALIZERS, MODELS, SSL_ALGORITHMS
from mmavssl.structures.map_cache import key_of
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import find_localizer, without_init_cfg
from mmavssl.utils.macs import shapes_only
from tests.test_configs import ROOT, SHIPPED, load
from tests.test_training_methods import LOSSES

TEACHING_HOOKS = ('EMATeacherHook', 'ThresholdUpdateHook')
KINDS = (
    'BACKBONES', 'FUSIONS', 'HEADS', 'LOCALIZERS', 'LOSSES', 'MASKERS', 'MIXERS', 'THRESHOLDS',
)  # fmt: skip
COMPONENTS = {name for kind in KINDS for name in getattr(registry, kind).module_dict}
OF_ALGORITHM = {
    'SupervisedRecognizer': {'loss_sup'},
    'CrossModalRecognizer': LOSSES['cross_modal'],
    'TCLRecognizer': LOSSES['tcl'],
    'LTGRecognizer': LOSSES['ltg'],
    'AvCLRReimpl': LOSSES['avclr'],
}
#: What an algorithm has for tests, or for epochs at the end.
IDLE = {'LocalizerTrainer': ('masker',), 'TCLRecognizer': ('threshold',)}
#: What is logged besides losses.
LOGGED = re.compile('pass_rate|pseudo_label_acc|agreement|known_classes')

#: Of AVSprites in configs, and for the data of all.
PLACE = 'data/avsprites'
CLIPS = {'labeled': 2, 'unlabeled': 3}
#: What sides of frames become; log-mels and the widths of networks are divided.
SIDES = {224: 64, 128: 48, 64: 32}
SHRINK_SOUND, SHRINK_WIDTH = 2, 8
WIDTHS = (
    'embed_dims', 'base_channels', 'in_channels', 'hidden_channels', 'out_channels', 'out_dims',
    'video_dims', 'audio_dims', 'feedforward_channels',
)  # fmt: skip
#: Backbones of one width.
OF_ONE_WIDTH = ('TSMResNet', 'TimmFrameEncoder')
SMALLER = {
    'TimeSformer': {'depth': lambda _: 1, 'img_size': SIDES.get},
    'ASTEncoder': {
        'depth': lambda _: 1,
        'num_mel_bins': lambda bins: bins // SHRINK_SOUND,
        'num_frames': lambda frames: frames // SHRINK_SOUND,
    },
    'TimmFrameEncoder': {'name': lambda _: 'lcnet_035'},  # as wide as EfficientNet-Lite0
    'TimmAudioEncoder': {'name': lambda _: 'lcnet_035'},
}
TRAINED_LOCALIZERS = ('CosineLocalizer', 'EZVSLLocalizer', 'FNACLocalizer')
DEFAULTS = {
    'TransformerFusion': {'video_dims': 768, 'audio_dims': 768},
    **{name: {'base_channels': 64, 'out_dims': 512} for name in TRAINED_LOCALIZERS},
}


class Step(NamedTuple):
    """What a training step was.

    Attributes:
        losses: what it logs.
        flat: losses without a gradient.
        ran: names of the components that took part.
        still: networks and parts of them that learn, but have not changed.
    """

    losses: dict[str, float]
    flat: list[str]
    ran: set[str]
    still: list[str]


STEPS: dict[str, Step] = {}


@pytest.fixture(scope='module')
def clips_root(tmp_path_factory) -> Path:
    """Return the folder of a few AVSprites clips, and maps of where their sounds are."""
    root = tmp_path_factory.mktemp('data') / 'avsprites'
    generate(root, AVSpritesConfig(get_recipe('default'), num_train=8, num_test=8), workers=1)
    paths = sorted(root.glob('videos/train/*.mp4'))
    keys = [key_of({'video_path': str(path)}, str(root)) for path in paths]
    writer = MapCacheWriter(root / 'maps', keys, (2, 8, 8), {})
    for row in range(len(paths)):
        writer.write(row, np.random.default_rng(row).random((2, 8, 8)), [0.5, 1.5], (96, 96))
    writer.finish()
    return root


@pytest.fixture(scope='module')
def one_process(tmp_path_factory):
    """A group of one process, without which an optimizer that is divided over processes is not."""
    store = f'file://{tmp_path_factory.mktemp("group")}/store'
    distributed.init_process_group('gloo', init_method=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize('path', SHIPPED)
def test_config_is_sound(path):
    cfg = load(path)
    check_config(cfg)
    assert cfg.randomness.seed == 0
    if 'student' in cfg.model:
        assert cfg.test_evaluator.type == 'MultiViewAccuracy'
    if 'threshold' in cfg.model:
        hooks = [hook['type'] for hook in cfg.custom_hooks]
        has_teacher = hasattr(SSL_ALGORITHMS.get(cfg.model.type), 'update_teacher')
        needed = ['EMATeacherHook'] * has_teacher + ['ThresholdUpdateHook']
        assert [hook for hook in hooks if hook in TEACHING_HOOKS] == needed


@pytest.mark.parametrize('path', SHIPPED)
def test_config_is_data(path):
    """Read with --safe-config, it is the same."""
    safe, run = load_config(str(ROOT / path), safe=True), load(path)
    assert safe.to_dict() == run.to_dict()
    assert (safe.text, safe.filename) == (run.text, run.filename)


@pytest.mark.parametrize('path', SHIPPED)
def test_networks_build_at_their_size(path):
    model = without_init_cfg(load(path).model.to_dict())
    init_default_scope('mmavssl')
    for kind, network in ((MODELS, model.get('student')), (LOCALIZERS, find_localizer(model))):
        if network:
            build_shapes(kind, json.dumps(network))


@functools.cache
def build_shapes(kind: registry.Registry, network: str) -> None:
    """Build a network on the meta device, equal ones of several configs once."""
    with shapes_only():
        kind.build(json.loads(network))


@pytest.mark.parametrize('path', SHIPPED)
def test_one_step(path, clips_root, one_process):
    cfg = load(path)
    check_step(cfg, step(cfg, clips_root))
    if 'student' in cfg.model:
        for views in batch_of(cfg, clips_root, CLIPS, small=True)['inputs'].values():
            assert shapes_of(views['weak']) == shapes_in(cfg.input_size)


def shapes_of(inputs: dict) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a clip's tensors by their names."""
    return {name: tuple(tensor.shape[1:]) for name, tensor in tensors(inputs)}


def shapes_in(size: Mapping) -> dict[str, tuple[int, ...]]:
    """Return the smaller shapes of what a config says of its clips."""
    shapes = {'video': (3, size['num_frames'], SIDES[size['size']], SIDES[size['size']])}
    if 'audio_frames' in size:
        sound = size['audio_frames'], size['num_mel_bins']
        shapes['audio'] = tuple(length // SHRINK_SOUND for length in sound)
    return shapes


def check_step(cfg: Config, result: Step) -> None:
    """Compare a step with what the components of a config stand for."""
    losses = {name: value for name, value in result.losses.items() if not LOGGED.match(name)}
    assert losses.keys() == expected_losses(cfg['model'])
    assert all(math.isfinite(value) for value in result.losses.values()), result.losses
    assert 0 <= result.losses.get('mix_ratio', 0) <= 1
    assert result.flat == []
    assert result.still == []
    assert used_components(cfg['model']) <= result.ran


def expected_losses(model: Mapping) -> set[str]:
    """Return the names of the losses that a model has, and of the ratio by which it mixes."""
    if model['type'] == 'LocalizerTrainer':
        terms = {'fns1', 'tns', 'fns2'} if model['loss']['type'] == 'FNACLoss' else set()
        return {'loss', 'contrast', *terms}
    if model['type'] in OF_ALGORITHM:
        return {'loss', *OF_ALGORITHM[model['type']]}
    names = {'loss', 'loss_sup', 'loss_unsup'}
    if model['mixer']:
        names |= {'loss_mix', 'mix_ratio'}
    if model.get('contrast'):
        names.add('loss_contrast')
    if model['threshold']['type'] == 'FreeThreshold':
        names.add('loss_threshold')
    return names


def used_components(model: Mapping) -> set[str]:
    """Return the names of the components of a model that take part in its training."""
    idle = set(IDLE.get(model['type'], ()))
    if not model.get('mixer'):
        idle.add('mix_loss')
    return named({key: value for key, value in model.items() if key not in idle}) & COMPONENTS


def named(cfg: Any) -> set[str]:
    """Return all types in a config."""
    if not isinstance(cfg, Mapping):
        return set()
    return {cfg.get('type')}.union(*map(named, cfg.values()))


@pytest.mark.parametrize('attention', ['joint', 'space_only'])
def test_one_step_of_other_attention(attention, clips_root, one_process):
    option = f'model.student.backbone.attention_type={attention}'
    cfg = load_config(str(ROOT / 'configs/asl_mix/ucf51_1shot.py'), [option])
    steps = len(STEPS)
    check_step(cfg, step(cfg, clips_root))
    assert len(STEPS) == steps + 1


def test_every_component_is_in_a_step(clips_root, one_process):
    assert set().union(*(step(load(path), clips_root).ran for path in SHIPPED)) == COMPONENTS


def step(cfg: Config, root: Path, clips: Mapping[str, int] = CLIPS, small: bool = True) -> Step:
    """Return a training step of a config; of configs that are the same, the first one's.

    Args:
        cfg: config.
        root: of the data, whatever the config has in its place.
        clips: how many of each source there are.
        small: whether networks, frames and sounds are smaller than the config's.
    """
    model, optim_wrapper = without_init_cfg(cfg.model.to_dict()), cfg.optim_wrapper.to_dict()
    if 'threshold' in model.get('threshold', {}):
        model['threshold']['threshold'] = 0.0  # all pseudo labels count
    if small:
        model = narrow(model)
    batch = batch_of(cfg, root, clips, small)
    shapes = {source: shapes_of(views) for source, views in batch['inputs'].items()}
    key = json.dumps([model, optim_wrapper, shapes], sort_keys=True)
    key = re.sub(r'"num_classes": \d+', '', key)
    if key not in STEPS:
        STEPS[key] = train(model, optim_wrapper, batch)
    return STEPS[key]


def batch_of(cfg: Config, root: Path, clips: Mapping[str, int], small: bool) -> dict:
    """Return a batch of the training data of a config; arguments as in `step`."""
    dataset = json.dumps(cfg.train_dataloader.dataset.to_dict(), sort_keys=True)
    dataset = re.sub('"data_root": "[^"]*"', f'"data_root": "{PLACE}"', dataset)
    dataset = re.sub('"ann_file": "[^"]*"', '"ann_file": "manifest_train.csv"', dataset)
    return load_batch(dataset.replace(PLACE, str(root)), tuple(clips.items()), small)


def train(cfg: dict, optim_wrapper: dict, batch: dict) -> Step:
    """Train a new model for a step, in the first epoch after its warm-up."""
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    MessageHub.get_current_instance().update_info('epoch', cfg.get('warmup_epochs', 1000))
    model = SSL_ALGORITHMS.build(cfg).train()
    if 'threshold' in cfg:
        pool = batch['data_samples']['unlabeled']
        model.threshold.setup(len(pool), cfg['student']['head']['num_classes'])
    optimizer = build_optim_wrapper(model, {**optim_wrapper, 'accumulative_counts': 1})
    before = checksums(model)
    parts = {name: part for name, part in model.named_modules() if kind_of(part) in COMPONENTS}
    ran = set()
    for part in parts.values():
        part.register_forward_hook(lambda part, *_: ran.add(kind_of(part)))
    losses = model.train_step(batch, optimizer)
    if hasattr(model, 'update_teacher'):
        model.update_teacher(momentum=0.01)

    after = checksums(model)
    changed = [name for name in after if after[name] != before[name]]
    learn = {name: part for name, part in parts.items() if learns(part)}
    still = [
        part
        for part in (*learn, *getattr(model, 'networks', ()))
        if not any(name.startswith(f'{part}.') for name in changed)
    ]
    ran |= {kind_of(part) for name, part in learn.items() if name not in still}
    if hasattr(model, 'criterion'):  # which gives its terms by another name than `forward`
        ran.add(kind_of(model.criterion))
    flat = [name for name, value in losses.items() if 'loss' in name and not value.requires_grad]
    return Step({name: float(value.detach()) for name, value in losses.items()}, flat, ran, still)


def checksums(model: nn.Module) -> dict[str, int]:
    """Return a number for each parameter, another one where any of its values is another."""
    named = model.named_parameters()
    return {name: crc32(value.detach().contiguous().numpy()) for name, value in named}


def kind_of(part: nn.Module) -> str:
    return type(part).__name__


def learns(part: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in part.parameters())


@functools.cache
def load_batch(dataset: str, clips: tuple[tuple[str, int], ...], small: bool) -> dict:
    """Return a batch of a data set, whose config is JSON, as its pipelines make it."""
    init_default_scope('mmavssl')
    built = DATASETS.build(json.loads(dataset))
    parts = [getattr(built, source, built) for source in ('labeled', 'unlabeled')]
    sizes = {part: dict(clips)[getattr(part, 'source', 'labeled')] for part in parts}
    batch = semi_supervised_collate([part[i] for part, size in sizes.items() for i in range(size)])
    return {**batch, 'inputs': reduce(batch['inputs'])} if small else batch


def tensors(inputs: dict, path: str = '') -> Iterator[tuple[str, Tensor]]:
    """Give the tensors of nested dicts with their names."""
    for key, value in inputs.items():
        if isinstance(value, Tensor):
            yield f'{path}{key}', value
        else:
            yield from tensors(value, f'{path}{key}.')


def reduce(inputs: dict) -> dict:
    """Return smaller frames and sounds."""
    result = {}
    for key, value in inputs.items():
        if isinstance(value, dict):
            result[key] = reduce(value)
        elif key == 'video':
            side = SIDES[value.shape[-1]]
            stride = value.shape[-1] // side
            result[key] = value[..., ::stride, ::stride][..., :side, :side].contiguous()
        elif key in ('audio', 'audio_clean'):
            result[key] = value[..., ::SHRINK_SOUND, ::SHRINK_SOUND].contiguous()
        else:
            result[key] = value
    return result


def narrow(model: dict) -> dict:
    """Return the config of a model with small networks, for what `reduce` gives."""
    result = shrink(model, SHRINK_WIDTH)
    if model.get('student', {}).get('backbone', {}).get('type') in OF_ONE_WIDTH:
        result['student'] = shrink(model['student'], 1)
    return result


def shrink(cfg: Any, divisor: int) -> Any:
    """Return the config of a component with small networks.

    Args:
        cfg: of a component, or any value in it.
        divisor: of widths.
    """
    if not isinstance(cfg, Mapping):
        return cfg
    kind, result = cfg.get('type'), {}
    for key, value in {**DEFAULTS.get(kind, {}), **cfg}.items():
        if key in SMALLER.get(kind, {}):
            result[key] = SMALLER[kind][key](value)
        elif key in WIDTHS:
            result[key] = value // divisor
        else:
            result[key] = shrink(value, divisor)
    return result
