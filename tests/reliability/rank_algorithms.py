"""Two iterations of each algorithm, on this rank's share of clips that are fixed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.dist import all_gather, get_rank, get_world_size
from torch import Tensor, nn

from mmavssl.engine.hooks.step_seed import seed_generators
from mmavssl.models.thresholds.base import BaseThreshold
from mmavssl.utils.random import stable_seed
from tests.reliability.rank_draws import ShareStreams
from tests.reliability.rank_gathered import gathered_losses, over_ranks, share
from tests.reliability.rank_toys import CASES, make

RANKS, ITERATIONS, SEED = 2, 2, 3


def watch_weights(model: nn.Module) -> list[Tensor]:
    """Return a list that gets the weights that thresholds give to this rank's clips."""
    seen: list[Tensor] = []
    for module in model.modules():
        if isinstance(module, BaseThreshold):
            module.register_forward_hook(lambda *args: seen.append(args[-1].weight))
    return seen


@contextmanager
def draws_of_ranks(iteration: int) -> Iterator[None]:
    """Let a rank mix by its own numbers, and one process mix the clips of each rank by that one's.

    Clips are mixed with those of their rank: without this no mixed clip would be the same.
    """
    if get_world_size() > 1:
        seed_generators(stable_seed(SEED, iteration, get_rank()))
        yield
        return
    streams = ShareStreams(RANKS)
    streams.begin(SEED, iteration)
    with streams.replacing():
        yield


def iterate(case: str) -> dict[str, Tensor]:
    """Return losses, gradients, weights of clips and state of the last iteration.

    The one before it gives thresholds a state to go by. No optimizer moves the networks.

    Args:
        case: of ``CASES``.
    """
    model, inputs, samples = make(case)
    inputs = {
        source: {
            view: {name: share(tensor) for name, tensor in tensors.items()}
            for view, tensors in views.items()
        }
        for source, views in inputs.items()
    }
    samples = {source: share(part) for source, part in samples.items()}
    weights = watch_weights(model)
    for iteration in range(ITERATIONS):
        model.zero_grad()
        weights.clear()
        with draws_of_ranks(iteration):
            losses = model.loss(inputs, samples)
        model.parse_losses(losses)[0].backward()
    result = {name: over_ranks(value) for name, value in losses.items()}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:  # neither teachers nor localizers
            result[f'grad {name}'] = over_ranks(parameter.grad)
    result.update({f'state {name}': value for name, value in model.named_buffers()})
    for number, given in enumerate(weights):
        result[f'weights {number}'] = torch.cat(all_gather(given))
    return result


def everything() -> dict[str, dict]:
    """Return the results of all losses and of all algorithms."""
    print('losses', flush=True)
    results = gathered_losses()
    for case in CASES:
        print(case, flush=True)
        results[case] = iterate(case)
    return results
