"""One tensor of ours and the published ones that it is made of."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mmavssl.models.utils.report import COPIED

JOINED, SPLIT, TRANSPOSED = 'joined', 'split', 'transposed'


class Rule(NamedTuple):
    """How one tensor comes about; ``{i}`` in names is a block's number.

    Attributes:
        ours: its name here.
        theirs: their names in the file.
        join: makes ours of theirs.
        split: makes theirs of ours; None where that is not possible.
        how: what the table says of ``join``.
    """

    ours: str
    theirs: tuple[str, ...]
    join: Callable[..., Tensor]
    split: Callable[[Tensor], Sequence[Tensor]] | None
    how: str = COPIED

    @property
    def how_back(self) -> str:
        """What the table says of ``split``."""
        return SPLIT if len(self.theirs) > 1 else self.how

    def per_block(self, depth: int) -> list['Rule']:
        """Return the rule for each of the blocks; as it is if it tells of none."""
        if '{i}' not in self.ours:
            return [self]
        return [
            self._replace(
                ours=self.ours.format(i=i), theirs=tuple(name.format(i=i) for name in self.theirs)
            )
            for i in range(depth)
        ]


def renamed(ours: str, theirs: str) -> Rule:
    """Return the rule of a tensor that only has another name."""
    return Rule(ours, (theirs,), lambda tensor: tensor, lambda tensor: (tensor,))


def renamed_layer(ours: str, theirs: str) -> list[Rule]:
    """Return the rules of the weight and the bias of a layer that only has another name."""
    return [renamed(f'{ours}.{kind}', f'{theirs}.{kind}') for kind in ('weight', 'bias')]


def joined(ours: str, *theirs: str) -> Rule:
    """Return the rule of tensors that are ours one after the other."""
    return Rule(
        ours, theirs, lambda *parts: torch.cat(parts), lambda t: t.chunk(len(theirs)), JOINED
    )
