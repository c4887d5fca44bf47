"""Of which size is a vision transformer, and is it the network's?"""

from typing import NamedTuple

from torch import nn

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.report import BLOCK_NUMBER
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts

KERNEL = 'patch_embed.proj.weight'
#: Number of dimensions and what they are; those of embeddings begin with 1.
DIMENSIONS = {
    KERNEL: (4, '(width, channels, height, width)'),
    'pos_embed': (3, '(1, tokens, width)'),
    'time_embed': (3, '(1, frames, width)'),
}
#: Attention heads of the published widths: tiny, small, medium, base, large, huge.
PUBLISHED_HEADS = {192: 3, 384: 6, 512: 8, 768: 12, 1024: 16, 1280: 16}


class Architecture(NamedTuple):
    """What a state dict tells of its network; None where it does not."""

    embed_dims: int | None
    depth: int | None
    patch_size: int | None
    channels: int | None

    @classmethod
    def of(cls, state: StateDict) -> 'Architecture':
        """Return that of tensors by our names.

        Raises:
            MisfitError: a tensor of another number of dimensions.
        """
        check_dimensions(state)
        numbers = [int(found.group(2)) for found in map(BLOCK_NUMBER.search, state) if found]
        depth = max(numbers) + 1 if numbers else None
        if KERNEL not in state:
            return cls(None, depth, None, None)
        embed_dims, channels, *_, patch_size = state[KERNEL].shape
        return cls(embed_dims, depth, patch_size, channels)


def check_dimensions(state: StateDict) -> None:
    """Raise where the patch kernel or an embedding has another number of dimensions.

    Args:
        state: tensors by our names.

    Raises:
        MisfitError: names the tensor and its shape.
    """
    for name, (number, meaning) in DIMENSIONS.items():
        shape = tuple(state[name].shape) if name in state else None
        if shape and (len(shape) != number or (name != KERNEL and shape[0] != 1)):
            raise MisfitError(f'its {name} has the shape {shape}, which is not {meaning}')


def known_heads(embed_dims: int | None, facts: NetworkFacts) -> int | None:
    """Return the number of attention heads, as far as it is known.

    Args:
        embed_dims: width of the network, of which the published ones have one number of heads.
        facts: what is known of this very network.

    Raises:
        MisfitError: the heads do not divide the width.
    """
    if facts.num_heads is None:
        return PUBLISHED_HEADS.get(embed_dims)
    if embed_dims is not None and embed_dims % facts.num_heads:
        raise MisfitError(
            f'its {embed_dims} channels are no multiple of num_heads={facts.num_heads}'
        )
    return facts.num_heads


def check_architecture(
    state: StateDict, model: nn.Module, facts: NetworkFacts = UNKNOWN
) -> None:
    """Raise if the tensors are those of a vision transformer of another size.

    Args:
        state: tensors by our names.
        model: `TimeSformer` or `ASTEncoder`.
        facts: what is known of the network of the tensors besides.

    Raises:
        MisfitError: says which arguments of the network would have to be others.
    """
    architecture = Architecture.of(state)
    heads = known_heads(architecture.embed_dims, facts)
    found = {**architecture._asdict(), 'num_heads': heads}
    built = {
        'embed_dims': model.embed_dims, 'depth': len(model.blocks), 'patch_size': model.patch_size,
    }  # fmt: skip
    if len(model.blocks):
        built['num_heads'] = model.blocks[0].attn.num_heads
    others = {n: found[n] for n, value in built.items() if found[n] not in (None, value)}
    if not others:
        return
    theirs = ', '.join(f'{name}={value}' for name, value in others.items())
    ours = ', '.join(f'{name}={built[name]}' for name in others)
    hint = ''
    if facts.num_heads is None and list(others) == ['num_heads']:
        hint = (
            f'. Published networks of this width have {heads} heads; if this one has others, say '
            f'it: `init_cfg.source=dict({ours})`, or --source {ours} of the tool'
        )
    raise MisfitError(
        f'it is a transformer of another size: {theirs}, but the config has {ours}. Take a file '
        f'of this size, or set these in the config{hint}'
    )


def check_sees(facts: NetworkFacts) -> None:
    """Raise if something is said of an image or video transformer that only ASTs have.

    Raises:
        MisfitError: names it.
    """
    others = set(facts.known()) - {'num_heads'}
    if others:
        raise MisfitError(
            f'`source` has {", ".join(sorted(others))}, but it is no transformer over spectrograms'
        )
