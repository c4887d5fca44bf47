"""Let one process draw what two ranks draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from mmengine.runner import Runner
from torch import Tensor

from mmavssl.engine.hooks.step_seed import StepSeedHook, seed_generators
from mmavssl.models.maskers import BaseMasker
from mmavssl.models.mixers import BaseMixer
from mmavssl.registry import HOOKS
from mmavssl.utils.random import stable_seed


class RankStreams:
    """Random streams of several ranks in one process.

    What the model draws for a batch comes from three functions: partners from ``torch.randperm``,
    ratios from `BaseMixer.draw_ratio` and tokens from `BaseMasker.arrival_times`. Here each draws
    a share of the batch from each rank's stream; partners stay within the share of their rank.

    Args:
        ranks: number of ranks.
    """

    def __init__(self, ranks: int) -> None:
        self.states: list[Tensor] = [torch.get_rng_state()] * ranks

    def begin(self, seed: int, iteration: int) -> None:
        """Set the streams as `StepSeedHook` sets them on each rank."""
        for rank in range(len(self.states)):
            seed_generators(stable_seed(seed, iteration, rank))
            self.states[rank] = torch.get_rng_state()

    def draw(self, function: Callable[[int], Any]) -> list:
        """Call ``function(rank)`` with each rank's stream."""
        results = []
        for rank, state in enumerate(self.states):
            torch.set_rng_state(state)
            results.append(function(rank))
            self.states[rank] = torch.get_rng_state()
        return results

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Let models draw from these streams."""
        ranks = len(self.states)
        randperm, ratio, times = torch.randperm, BaseMixer.draw_ratio, BaseMasker.arrival_times

        def partners(size: int, **kwargs: Any) -> Tensor:
            if 'generator' in kwargs:  # the sampler's
                return randperm(size, **kwargs)
            share = size // ranks
            return torch.cat(self.draw(lambda rank: rank * share + randperm(share, **kwargs)))

        def ratios(mixer: BaseMixer, batch: int, device: torch.device) -> Tensor:
            return torch.cat(self.draw(lambda _: ratio(mixer, batch // ranks, device)))

        def arrivals(masker: BaseMasker, drawn: Tensor, *shape: int) -> Tensor:
            shares = drawn.chunk(ranks)
            return torch.cat(self.draw(lambda rank: times(masker, shares[rank], *shape)))

        with (
            patch.object(torch, 'randperm', partners),
            patch.object(BaseMixer, 'draw_ratio', ratios),
            patch.object(BaseMasker, 'arrival_times', arrivals),
        ):
            yield


@HOOKS.register_module()
class RankStreamsHook(StepSeedHook):
    """`StepSeedHook` for the streams of all ranks in one process.

    Args:
        streams: what models draw from.
    """

    def __init__(self, streams: RankStreams) -> None:
        super().__init__()
        self.streams = streams

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed for the iteration that begins."""
        self.streams.begin(runner.seed, runner.iter)
