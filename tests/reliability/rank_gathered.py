"""What ranks compute of each other's clips, on this rank's share of clips that are fixed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, distributed

from mmavssl.models.losses import AVContrastiveLoss, DeepClusteringLoss, NTXentLoss
from tests.small_methods import batch, build

CLIPS, WIDTH, CLUSTERS = 8, 6, 3
LABELED, UNLABELED = 4, 6  # of all ranks
CHANGES = {
    'ltg': {},
    'avclr': {'clustering': {'type': 'DeepClusteringLoss', 'alpha': 10.0, 'scale': 0.5}},
}
THRESHOLDS = {'ltg': 0.9, 'avclr': 0.34}  # that some clips pass


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


def gathered_losses() -> dict[str, dict[str, Tensor]]:
    """Return each loss and its gradient in a layer before it."""
    made = torch.Generator().manual_seed(0)
    one, other = (torch.randn(CLIPS, WIDTH, generator=made, dtype=torch.double) for _ in range(2))
    weight = torch.randn(WIDTH, WIDTH, generator=made, dtype=torch.double)
    centroids = torch.randn(CLUSTERS, WIDTH, generator=made, dtype=torch.double)
    clustering = DeepClusteringLoss()
    cases = {
        'nt_xent': NTXentLoss(),
        'contrast of ltg': AVContrastiveLoss(temperature=0.5),
        'clustering': lambda x, _: clustering(clustering.assign(x, centroids)),
    }
    results = {}
    for name, loss in cases.items():
        layer = weight.clone().requires_grad_()
        value = loss(share(one) @ layer, share(other) @ layer)
        value.backward()
        results[name] = {'loss': over_ranks(value), 'grad': over_ranks(layer.grad)}
    return results


def step(method: str) -> dict[str, Tensor]:
    """Return losses, gradients and state of one iteration of a small algorithm.

    Args:
        method: ``ltg`` or ``avclr``.
    """
    model = build(method, **CHANGES[method])
    inputs, samples = batch(method, LABELED, UNLABELED)
    if method == 'avclr':
        made = torch.Generator().manual_seed(9)  # some agree
        means = torch.randn(3, model.student.joint_dims, generator=made, dtype=torch.double)
        model.centroids.update(F.normalize(means, dim=-1), torch.arange(3))
    model.threshold.threshold = THRESHOLDS[method]
    inputs = {
        source: {
            view: {name: share(tensor) for name, tensor in tensors.items()}
            for view, tensors in views.items()
        }
        for source, views in inputs.items()
    }
    losses = model.loss(inputs, {source: share(part) for source, part in samples.items()})
    model.parse_losses(losses)[0].backward()
    state = {f'state {name}': value for name, value in model.named_buffers()}
    grads = {name: over_ranks(p.grad) for name, p in model.named_parameters()}
    return {**{name: over_ranks(value) for name, value in losses.items()}, **grads, **state}


def everything() -> dict[str, dict]:
    """Return the results of all losses and of both algorithms."""
    print('losses', flush=True)
    results = gathered_losses()
    for method in ('ltg', 'avclr'):
        print(method, flush=True)
        results[method] = step(method)
    return results
