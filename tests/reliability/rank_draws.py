"""Let one batch draw what several ranks or iterations draw for their shares of it."""

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


class ShareStreams:
    """Random streams of the shares of a batch.

    What the model draws for a batch comes from three functions: partners from ``torch.randperm``,
    ratios from `BaseMixer.draw_ratio` and tokens from `BaseMasker.arrival_times`. Here each draws
    for each share from a stream of its own; partners stay within their share.

    Args:
        shares: number of them.
        of: whose they are: ``ranks`` of one iteration, or successive ``iterations`` of one rank.
    """

    def __init__(self, shares: int, of: str = 'ranks') -> None:
        self.of = of
        self.states: list[Tensor] = [torch.get_rng_state()] * shares

    def begin(self, seed: int, iteration: int) -> None:
        """Set the streams as `StepSeedHook` sets them on each rank, or in each iteration."""
        count = len(self.states)
        for share in range(count):
            key = (iteration, share) if self.of == 'ranks' else (iteration * count + share, 0)
            seed_generators(stable_seed(seed, *key))
            self.states[share] = torch.get_rng_state()

    def draw(self, function: Callable[[int], Any]) -> list:
        """Call ``function(share)`` with the stream of each share."""
        results = []
        for share, state in enumerate(self.states):
            torch.set_rng_state(state)
            results.append(function(share))
            self.states[share] = torch.get_rng_state()
        return results

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Let models draw from these streams."""
        count = len(self.states)
        randperm, ratio, times = torch.randperm, BaseMixer.draw_ratio, BaseMasker.arrival_times

        def partners(size: int, **kwargs: Any) -> Tensor:
            if 'generator' in kwargs:  # the sampler's
                return randperm(size, **kwargs)
            part = size // count
            return torch.cat(self.draw(lambda share: share * part + randperm(part, **kwargs)))

        def ratios(mixer: BaseMixer, batch: int, device: torch.device) -> Tensor:
            return torch.cat(self.draw(lambda _: ratio(mixer, batch // count, device)))

        def arrivals(masker: BaseMasker, drawn: Tensor, *shape: int) -> Tensor:
            parts = drawn.chunk(count)
            return torch.cat(self.draw(lambda share: times(masker, parts[share], *shape)))

        with (
            patch.object(torch, 'randperm', partners),
            patch.object(BaseMixer, 'draw_ratio', ratios),
            patch.object(BaseMasker, 'arrival_times', arrivals),
        ):
            yield


@HOOKS.register_module()
class ShareStreamsHook(StepSeedHook):
    """`StepSeedHook` for the streams of all shares.

    Args:
        streams: what models draw from.
    """

    def __init__(self, streams: ShareStreams) -> None:
        super().__init__()
        self.streams = streams

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Seed for the iteration that begins."""
        self.streams.begin(runner.seed, runner.iter)
