"""Weights that a localizer starts from."""

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from torchvision.models import ResNet18_Weights

from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.layouts.find import without_parallel_prefix
from mmavssl.models.utils.pretrained import load_pretrained, read_state_dict
from mmavssl.models.utils.report import Report
from mmavssl.structures.trained_input import check_trained_input
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_globals import plain_objects_allowed
from mmavssl.utils.weight_files import read_torch_file
from mmavssl.utils.weight_formats import WeightFormat, recognize_format

TRAINER_PREFIX = 'localizer.'
TRAIN_COMMAND = 'python tools/train.py configs/localizers/fnac_avsprites.py'
IMAGE_URL = ResNet18_Weights.IMAGENET1K_V1.url
IMAGE_SHA256 = 'f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec'


def load_localizer(localizer: nn.Module, init_cfg: dict) -> None:
    """Load an official checkpoint or one of `LocalizerTrainer`; every tensor must fit.

    Args:
        localizer: network to fill.
        init_cfg: ``type='Pretrained'`` and ``checkpoint``.

    Raises:
        ConfigError: there is no such file, it does not fit, or it says that its network heard
            something else than ``localizer.audio_input``.
    """
    checkpoint = init_cfg.get('checkpoint')
    if isinstance(checkpoint, str) and not Path(checkpoint).expanduser().exists():
        raise ConfigError(
            f'`localizer.init_cfg.checkpoint` names {checkpoint}, which does not exist. Train a '
            f'localizer with `{TRAIN_COMMAND}` (or the config in configs/localizers of your data '
            'set), or name a checkpoint of FNAC or EZ-VSL.'
        )
    load_pretrained(localizer, init_cfg, take_localizer)
    check_trained_input(read_facts(checkpoint), localizer.audio_input, checkpoint)


def read_facts(checkpoint: str) -> dict[str, Any]:
    """Return what a checkpoint has besides the values of its tensors."""
    file = Path(checkpoint).expanduser()
    if recognize_format(file) is WeightFormat.SAFETENSORS:
        with safe_open(file, 'pt') as opened:
            return {'meta': opened.metadata()}
    with plain_objects_allowed():
        return read_torch_file(file, map_location='meta')


def take_localizer(source: StateDict, model: nn.Module, report: Report) -> StateDict:
    """Return the tensors of a localizer, which may be in a checkpoint of `LocalizerTrainer`."""
    source = without_parallel_prefix(source)
    in_trainer = any(name.startswith(TRAINER_PREFIX) for name in source)
    state = {}
    for name, tensor in source.items():
        if in_trainer and not name.startswith(TRAINER_PREFIX):
            report.drop(name)
            continue
        ours = name.removeprefix(TRAINER_PREFIX)
        state[ours] = tensor
        report.take(ours, (name,))
    return state


def load_image_trunk(trunk: nn.Module, source: bool | str, key: str = 'pretrained_image') -> None:
    """Load ImageNet weights of torchvision's ResNet-18 into a trunk.

    Args:
        trunk: a `ResNet18Trunk` of 64 base channels; stages that it lacks are left out.
        source: True to download, or a file (or ``timm://`` name) in torchvision's layout.
        key: of the localizer's config that has the ``source``, for messages.

    Raises:
        ConfigError: no connection, a file that cannot be read, or a trunk of another width.
    """
    is_ours = not isinstance(source, str)
    file = _download_image_weights(key) if is_ours else source
    try:
        weights = read_state_dict(file, IMAGE_SHA256 if is_ours else None)
    except ConfigError as error:
        raise ConfigError(f'`localizer.{key}={source!r}`: {error}') from error
    expected = trunk.state_dict()
    usable = {name: tensor for name, tensor in weights.items() if name in expected}
    unfit = sorted(
        name
        for name, tensor in expected.items()
        if name not in usable or usable[name].shape != tensor.shape
    )
    if unfit:
        raise ConfigError(
            f'The weights of `localizer.{key}`={source!r} are no ResNet-18 of '
            f'{expected["conv1.weight"].shape[0]} base channels: {len(unfit)} tensors do not fit '
            f'({", ".join(unfit[:3])}, ...).'
        )
    trunk.load_state_dict(usable)


def _download_image_weights(key: str) -> str:
    """Return torchvision's file in the cache of torch.hub, where it is kept.

    By itself, torchvision unpickles all that it holds, and checks eight digits of its sha256, the
    first time alone.
    """
    file = Path(torch.hub.get_dir(), 'checkpoints', Path(IMAGE_URL).name)
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(IMAGE_URL, str(file), IMAGE_SHA256, progress=False)
    except (OSError, RuntimeError) as error:  # no connection, full disk; another hash
        raise ConfigError(
            f'`localizer.{key}=True` downloads the ImageNet weights of ResNet-18, which failed '
            f'({error}). Set it to the path of the downloaded file, or to False to start from '
            'random weights.'
        ) from error
    return str(file)
