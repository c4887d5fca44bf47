"""Look into a checkpoint before a run relies on it."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.published_weights import read_published
from mmavssl.utils.weight_files import existing_file, read_torch_file
from mmavssl.utils.weight_formats import WeightFormat, recognize_format


def read_checkpoint(checkpoint: str, map_location: str = 'cpu') -> dict:
    """Return what is in a checkpoint, which is opened as plain data (``weights_only=True``).

    Args:
        checkpoint: file of ``torch.save``, or of tools/publish_model.py.
        map_location: where its tensors go; ``meta`` leaves their values unread.

    Raises:
        ConfigError: no such file, not a checkpoint, or one that could run code.
    """
    path = existing_file(checkpoint)
    if recognize_format(path) is WeightFormat.SAFETENSORS:
        return read_published(path, map_location)
    content = read_torch_file(path, map_location)
    state_dict_of(content, checkpoint)  # or an error
    return content


@CheckpointLoader.register_scheme(prefixes=r'.*\.safetensors$', force=True)
def load_from_published(filename: str, map_location: str | None = None) -> dict:
    """Let MMEngine's Runner load a published file, which its own loader hands to torch."""
    return read_checkpoint(filename, map_location or 'cpu')


def state_dict_of(content: Any, checkpoint: str) -> Mapping[str, Any]:
    """Return the state dict of a checkpoint, which may be all of it.

    Raises:
        ConfigError: there is none.
    """
    state = content.get('state_dict', content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise ConfigError(
            f'{checkpoint} holds no checkpoint: expected tensors by name, or those under '
            '`state_dict`.'
        )
    return state


def parameter_shapes(checkpoint: str) -> dict[str, torch.Size]:
    """Return names and shapes of the tensors in a checkpoint, without reading their values.

    Raises:
        ConfigError: no such file, not a checkpoint, or one that could run code.
    """
    state = state_dict_of(read_checkpoint(checkpoint, map_location='meta'), checkpoint)
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
                f'{" ..." if len(names) > 3 else ""} ({len(names)} of {len(own)} parameters). '
                'Name the config that it was trained with, or another checkpoint.'
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
