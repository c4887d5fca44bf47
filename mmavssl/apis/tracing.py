"""Trace a network into a program of ``torch.export``."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

BATCH = 'batch'  # name of the batch size where it is open
MAX_BATCH = 65535  # torch before 2.7 wants a bound

Inputs = dict[str, Tensor]


def to_program(model: nn.Module, example: Inputs, dynamic: bool) -> torch.export.ExportedProgram:
    """Trace a model in eval mode.

    Args:
        model: to be called with the example's names.
        example: inputs; at least two samples if ``dynamic``, since one would be taken for all.
        dynamic: whether the batch size is open.
    """
    axis = {0: torch.export.Dim(BATCH, max=MAX_BATCH)} if dynamic else None
    shapes = dict.fromkeys(example, axis)
    with torch.no_grad(), quiet():
        return torch.export.export(model, (), kwargs=example, dynamic_shapes=shapes, strict=False)


def is_dynamic(program: torch.export.ExportedProgram) -> bool:
    """Whether the program leaves a size open."""
    return bool(program.range_constraints)


@contextmanager
def quiet() -> Iterator[None]:
    """Hide what torch's exporters say about themselves; what they raise says enough."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(disabled)
