"""Look into a checkpoint before a run relies on it."""

import os
import pickle
import zipfile

import torch
from mmengine.model import is_model_wrapper
from torch import nn

from mmavssl.utils.errors import ConfigError


def forbid_unsafe_loading() -> None:
    """Make every ``torch.load`` of this process refuse files that could run code.

    It is torch's default from 2.6 on; MMEngine does not ask for it, and we run with 2.4 as well.
    """
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'


def read_checkpoint(checkpoint: str, map_location: str = 'cpu') -> dict:
    """Return what is in a checkpoint, which is opened as plain data (``weights_only=True``).

    Args:
        checkpoint: file of ``torch.save``.
        map_location: where its tensors go; ``meta`` leaves their values unread.

    Raises:
        ConfigError: no such file, not a checkpoint, or one that could run code.
    """
    if not os.path.isfile(checkpoint):
        raise ConfigError(f'The checkpoint {checkpoint} does not exist.')
    no_checkpoint = ConfigError(f'{checkpoint} is no checkpoint, or was not written to its end.')
    if not zipfile.is_zipfile(checkpoint):
        raise no_checkpoint
    try:
        content = torch.load(checkpoint, map_location=map_location, weights_only=True)
    except RuntimeError as error:  # another archive, or a damaged one
        raise no_checkpoint from error
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f'{checkpoint} is not loaded, since it holds objects that could run code. Checkpoints '
            'of tools/train.py hold plain data (PlainCheckpointHook).'
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f'{checkpoint} holds a {type(content).__name__}, not a checkpoint.')
    return content


def parameter_shapes(checkpoint: str) -> dict[str, torch.Size]:
    """Return names and shapes of the tensors in a checkpoint, without reading their values.

    Raises:
        ConfigError: no such file, not a checkpoint, or one that could run code.
    """
    content = read_checkpoint(checkpoint, map_location='meta')
    state = content.get('state_dict', content)
    return {name: value.shape for name, value in state.items() if torch.is_tensor(value)}


def check_checkpoint_fits(model: nn.Module, checkpoint: str) -> None:
    """Raise unless the checkpoint has every parameter of the model, in the same shape.

    MMEngine loads what fits and only logs the rest, so that a checkpoint of another model would be
    tested as if it were this one. Parameters that the model keeps out of its checkpoints (the
    localizer's) need not be there.

    Raises:
        ConfigError: names the file and the first parameters that do not fit.
    """
    if is_model_wrapper(model):
        model = model.module
    saved = parameter_shapes(checkpoint)
    state = model.state_dict()
    own = {name: p.shape for name, p in model.named_parameters() if name in state}
    missing = [name for name in own if name not in saved]
    wrong = [
        f'{name} is {tuple(saved[name])} instead of {tuple(shape)}'
        for name, shape in own.items()
        if name in saved and saved[name] != shape
    ]
    for what, names in (('lacks', missing), ('differs:', wrong)):
        if names:
            raise ConfigError(
                f'{checkpoint} does not fit the config: it {what} {", ".join(names[:3])}'
                f'{" ..." if len(names) > 3 else ""} ({len(names)} of {len(own)} parameters).'
            )
