"""Losses over the clips of all ranks, on this rank's share of clips that are fixed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, distributed

from mmavssl.models.losses import (
    AVContrastiveLoss,
    DeepClusteringLoss,
    GroupContrastiveLoss,
    InstanceContrastiveLoss,
    NTXentLoss,
)

CLIPS, WIDTH, CLUSTERS = 8, 6, 3
NOISE = 0.5  # by which one frame rate differs from the other


def share(values: Tensor | list) -> Tensor | list:
    """Return this rank's part."""
    size = len(values) // get_world_size()
    return values[get_rank() * size : (get_rank() + 1) * size]


def over_ranks(value: Tensor) -> Tensor:
    """Return the mean over ranks, as DDP takes it of gradients."""
    value = value.detach().clone()
    if get_world_size() > 1:
        distributed.all_reduce(value)
    return value / get_world_size()


def random(*shape: int, seed: int) -> Tensor:
    """Return numbers that are the same on all ranks."""
    made = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=made, dtype=torch.double)


def features() -> tuple[Tensor, Tensor, Tensor]:
    """Return two features of each clip of all ranks, and the weight of a layer for both."""
    shapes = ((CLIPS, WIDTH), (CLIPS, WIDTH), (WIDTH, WIDTH))
    return tuple(random(*shape, seed=seed) for seed, shape in enumerate(shapes, 1))


def of_rates(loss: Callable) -> Callable:
    """Return a loss of class probabilities at two frame rates as one of features."""
    return lambda x, y: loss(x.softmax(dim=-1), (x + NOISE * y).softmax(dim=-1))


def losses() -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Return the losses that rest on the clips of all ranks."""
    clustering, centroids = DeepClusteringLoss(), random(CLUSTERS, WIDTH, seed=4)
    return {
        'nt_xent': NTXentLoss(),
        'contrast of ltg': AVContrastiveLoss(temperature=0.5),
        'clustering': lambda x, _: clustering(clustering.assign(x, centroids)),
        'instances of tcl': of_rates(InstanceContrastiveLoss()),
        'groups of tcl': of_rates(GroupContrastiveLoss()),
    }


def gathered_losses() -> dict[str, dict[str, Tensor]]:
    """Return each loss and its gradient in a layer before it."""
    one, other, weight = features()
    results = {}
    for name, loss in losses().items():
        layer = weight.clone().requires_grad_()
        value = loss(share(one) @ layer, share(other) @ layer)
        value.backward()
        results[name] = {'loss': over_ranks(value), 'grad': over_ranks(layer.grad)}
    return results
