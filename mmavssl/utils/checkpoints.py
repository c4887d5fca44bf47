"""Look into a checkpoint before a run relies on it."""

import os
import pickle

import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmavssl.utils.errors import ConfigError

#: What torch says of pickles that ``torch.save`` does not write, and of files that are none.
NOT_OF_TORCH = 'Unsupported operand'


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
    try:
        content = torch.load(checkpoint, map_location=map_location, weights_only=True)
    except Exception as error:  # of many kinds, as what is no checkpoint is taken for one
        if isinstance(error, pickle.UnpicklingError) and NOT_OF_TORCH not in str(error):
            raise ConfigError(
                f'{checkpoint} is not loaded, since it holds objects that could run code. '
                'Checkpoints of tools/train.py hold plain data (PlainCheckpointHook).'
            ) from error
        raise ConfigError(
            f'{checkpoint} is no checkpoint, or was not written to its end.'
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
    localizer's) need not be there. Of a model without parameters, something must fit.

    Raises:
        ConfigError: names the file and the first parameters that do not fit.
    """
    if is_model_wrapper(model):
        model = model.module
    saved = parameter_shapes(checkpoint)
    state = model.state_dict(keep_vars=True)
    own = {name: value.shape for name, value in state.items() if isinstance(value, nn.Parameter)}
    if saved and not own and not any(fits(state.get(name), saved[name]) for name in saved):
        raise ConfigError(
            f'{checkpoint} does not fit the config: it has {len(saved)} tensors, such as '
            f'{next(iter(saved))}, but the model loads none of them. Correct the config, or leave '
            'the checkpoint out.'
        )
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


def check_needs_no_checkpoint(model: nn.Module) -> None:
    """Raise unless there is nothing in the model that a checkpoint would bring.

    Raises:
        ConfigError: the model has parameters or buffers that are saved.
    """
    state = (model.module if is_model_wrapper(model) else model).state_dict()
    if state:
        raise ConfigError(
            f'The model has {len(state)} tensors to load, such as {next(iter(state))}. Name the '
            'checkpoint that has them: tools/test.py CONFIG CHECKPOINT.'
        )


def fits(value: Tensor | None, shape: torch.Size) -> bool:
    """Whether an entry of a state dict is there and has that shape."""
    return value is not None and value.shape == shape
