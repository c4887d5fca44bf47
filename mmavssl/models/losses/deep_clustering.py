"""Soft assignment to clusters, and the loss that makes it certain (DEC)."""

import torch
from torch import Tensor, nn

from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES
from mmavssl.utils.distributed import gather
from mmavssl.utils.ranges import check_range

#: Below it, a share or a frequency is as good as 0.
TINY = 1e-12


@LOSSES.register_module()
class DeepClusteringLoss(nn.Module):
    """Deep embedded clustering (DEC; Xie et al., ICML 2016, Eq. 1-3), with given centroids.

    An embedding z belongs to cluster k by the share ``r_k ~ (1 + |z - m_k|^2 / (α s))^(-(α+1)/2)``
    of a Student distribution. The loss is the divergence of these shares from sharper targets,
    ``KL(t || r)`` with ``t_ik ~ r_ik^2 / f_k`` and the frequency ``f_k = sum_i r_ik``, mean over
    clips. Targets are no function of the network; frequencies are those of the clips of all
    processes, so that the mean over processes is the loss of the global batch.

    DEC has α = 1 and distances as they are, s = 1. Unit vectors are at most 2 apart: then no share
    of many clusters can be large, whatever the network does (see `largest`).

    Args:
        alpha: degrees of freedom α, positive.
        scale: s, the squared distance that counts as one, positive.

    Raises:
        ValueError: a number that is not positive.
    """

    def __init__(self, alpha: float = 1.0, scale: float = 1.0) -> None:
        super().__init__()
        self.alpha = check_range('alpha', alpha, above=0)
        self.scale = check_range('scale', scale, above=0)

    def assign(self, embeddings: Tensor, centroids: Tensor, known: Tensor | None = None) -> Tensor:
        """Return the shares r (N, K) of embeddings, whose sum over the clusters is 1.

        Args:
            embeddings: (N, D).
            centroids: (K, D).
            known: bool (K,), clusters that there are already; others get no share.
        """
        with torch.autocast(embeddings.device.type, enabled=False):
            distances = squared_distances(full_precision(embeddings), full_precision(centroids))
            logits = self.log_kernel(distances)
            if known is not None:
                logits = logits.masked_fill(~known, float('-inf'))
            return logits.softmax(dim=-1)

    def log_kernel(self, distances: Tensor) -> Tensor:
        """Return the logarithm of the shares of squared distances, up to a constant."""
        return (distances / (self.alpha * self.scale)).log1p() * (-(self.alpha + 1) / 2)

    def largest(self, num_clusters: int, diameter: float = 2.0) -> float:
        """Return the largest share that there can be.

        Args:
            num_clusters: K.
            diameter: the largest distance of embedding and centroid.

        >>> round(DeepClusteringLoss().largest(51), 3)
        0.091
        """
        farthest = 1 + diameter**2 / (self.alpha * self.scale)
        return 1 / (1 + (num_clusters - 1) * farthest ** (-(self.alpha + 1) / 2))

    def forward(self, shares: Tensor) -> Tensor:
        """Return the loss of shares r (N, K), a scalar."""
        with torch.autocast(shares.device.type, enabled=False):
            shares = full_precision(shares)
            target = target_distribution(shares)
            divergence = target.clamp(min=TINY).log() - shares.clamp(min=TINY).log()
            return (target * divergence).sum(dim=-1).mean()


def squared_distances(embeddings: Tensor, centroids: Tensor) -> Tensor:
    """Return the squared distances (N, K) of embeddings (N, D) and centroids (K, D)."""
    squares = embeddings.square().sum(dim=-1)[:, None] + centroids.square().sum(dim=-1)
    return (squares - 2 * embeddings @ centroids.T).clamp(min=0)


@torch.no_grad()
def target_distribution(shares: Tensor) -> Tensor:
    """Return the targets t (N, K) of shares r (N, K): squared, and rare clusters lifted.

    Frequencies are those of all processes, which must have equally many clips.

    >>> target_distribution(torch.tensor([[0.8, 0.2], [0.6, 0.4]]))
    tensor([[0.8727, 0.1273],
            [0.4909, 0.5091]])
    """
    weights = shares.square() / gather(shares).sum(dim=0).clamp(min=TINY)
    return weights / weights.sum(dim=-1, keepdim=True)
