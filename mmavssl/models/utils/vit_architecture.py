"""Of which size is a vision transformer, and is it the network's?"""

from typing import NamedTuple

from torch import nn

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.report import BLOCK_NUMBER

KERNEL = 'patch_embed.proj.weight'


class Architecture(NamedTuple):
    """What a state dict tells of its network; None where it does not."""

    embed_dims: int | None
    depth: int | None
    patch_size: int | None
    channels: int | None

    @classmethod
    def of(cls, state: StateDict) -> 'Architecture':
        """Return that of tensors by our names."""
        numbers = [int(found.group(2)) for found in map(BLOCK_NUMBER.search, state) if found]
        depth = max(numbers) + 1 if numbers else None
        if KERNEL not in state:
            return cls(None, depth, None, None)
        embed_dims, channels, *_, patch_size = state[KERNEL].shape
        return cls(embed_dims, depth, patch_size, channels)


def check_architecture(state: StateDict, model: nn.Module) -> None:
    """Raise if the tensors are those of a vision transformer of another size.

    Args:
        state: tensors by our names.
        model: `TimeSformer` or `ASTEncoder`.

    Raises:
        MisfitError: says which arguments of the network would have to be others.
    """
    found = Architecture.of(state)
    built = {
        'embed_dims': model.embed_dims, 'depth': len(model.blocks), 'patch_size': model.patch_size,
    }  # fmt: skip
    others = {
        name: getattr(found, name)
        for name, value in built.items()
        if getattr(found, name) not in (None, value)
    }
    if others:
        theirs = ', '.join(f'{name}={value}' for name, value in others.items())
        ours = ', '.join(f'{name}={built[name]}' for name in others)
        raise MisfitError(
            f'it is a transformer of another size: {theirs}, but the config has {ours}. Take a '
            'file of this size, or set these in the config'
        )
