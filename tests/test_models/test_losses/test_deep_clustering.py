import math

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.losses import DeepClusteringLoss
from mmavssl.models.losses.deep_clustering import target_distribution


def points(count, seed, width=4):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(count, width, generator=made, dtype=torch.double)


def slow_shares(embeddings, centroids, alpha=1.0, scale=1.0, known=None):
    rows = []
    for z in embeddings:
        row = []
        for k, m in enumerate(centroids):
            distance = sum((float(a) - float(b)) ** 2 for a, b in zip(z, m, strict=True))
            kernel = (1 + distance / (alpha * scale)) ** (-(alpha + 1) / 2)
            row.append(kernel if known is None or known[k] else 0.0)
        rows.append([value / sum(row) for value in row])
    return rows


def slow_loss(shares):
    frequencies = [sum(column) for column in zip(*shares, strict=True)]
    total = 0.0
    for row in shares:
        weights = [r**2 / f for r, f in zip(row, frequencies, strict=True)]
        target = [weight / sum(weights) for weight in weights]
        total += sum(t * math.log(t / r) for t, r in zip(target, row, strict=True))
    return total / len(shares)


@pytest.mark.parametrize(('alpha', 'scale'), [(1.0, 1.0), (10.0, 0.02), (0.5, 3.0)])
def test_shares_and_loss_equal_slow_ones(alpha, scale):
    loss, embeddings, centroids = DeepClusteringLoss(alpha, scale), points(5, 0), points(3, 1)
    shares = loss.assign(embeddings, centroids)
    expected = slow_shares(embeddings, centroids, alpha, scale)
    torch.testing.assert_close(shares, torch.tensor(expected, dtype=torch.double))
    assert float(loss(shares)) == pytest.approx(slow_loss(expected), rel=1e-9)


def test_dec_is_the_default():
    embeddings, centroids = points(5, 0), points(3, 1)
    kernel = 1 / (1 + torch.cdist(embeddings, centroids).square())
    expected = kernel / kernel.sum(dim=1, keepdim=True)
    torch.testing.assert_close(DeepClusteringLoss().assign(embeddings, centroids), expected)


def test_unknown_clusters_get_nothing():
    loss, embeddings, centroids = DeepClusteringLoss(), points(4, 0), points(3, 1)
    known = torch.tensor([True, False, True])
    embeddings.requires_grad_()
    shares = loss.assign(embeddings, centroids, known)
    assert shares[:, 1].abs().max() == 0
    expected = loss.assign(embeddings, centroids[known])
    torch.testing.assert_close(shares[:, known], expected)
    torch.testing.assert_close(loss(shares), loss(expected))
    loss(shares).backward()
    assert torch.isfinite(embeddings.grad).all()


def test_gradient_pulls_towards_the_nearest_centroid():
    loss, centroids = DeepClusteringLoss(), torch.eye(4, dtype=torch.double)
    embeddings = F.normalize(centroids + 0.3, dim=-1).requires_grad_()
    value = loss(loss.assign(embeddings, centroids))
    value.backward()
    assert (embeddings.grad.abs().sum(dim=-1) > 0).all()
    moved = (embeddings - 0.1 * embeddings.grad).detach()
    before, after = (
        (points - centroids).square().sum(dim=-1) for points in (embeddings.detach(), moved)
    )
    assert (after < before).all()
    # Targets have no gradient: that of the loss is of the shares' logarithms alone.
    shares = loss.assign(embeddings, centroids)
    target = target_distribution(shares)
    assert not target.requires_grad
    (grad,) = torch.autograd.grad(-(target * shares.log()).sum(dim=-1).mean(), embeddings)
    torch.testing.assert_close(grad, embeddings.grad)


@pytest.mark.parametrize(('alpha', 'scale'), [(1.0, 1.0), (10.0, 0.02)])
@pytest.mark.parametrize('num_clusters', [2, 8, 51])
def test_largest_share(alpha, scale, num_clusters):
    """At a centroid, with all others on the opposite side of the sphere."""
    loss = DeepClusteringLoss(alpha, scale)
    centroids = torch.tensor([[1.0, 0.0], *[[-1.0, 0.0]] * (num_clusters - 1)])
    share = loss.assign(centroids[:1], centroids)[0, 0]
    assert loss.largest(num_clusters) == pytest.approx(float(share), rel=1e-5)


def test_settings_of_dec_allow_no_threshold_on_a_sphere():
    """Why the shipped configs have others."""
    for num_clusters, largest in ((8, 0.42), (51, 0.09), (400, 0.01)):
        assert DeepClusteringLoss().largest(num_clusters) == pytest.approx(largest, abs=5e-3)
        assert DeepClusteringLoss(10.0, 0.02).largest(num_clusters) > 0.99


def test_float32_under_autocast():
    loss = DeepClusteringLoss()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        shares = loss.assign(points(4, 0).bfloat16(), points(3, 1).float())
        assert shares.dtype == loss(shares).dtype == torch.float


def test_errors():
    with pytest.raises(ValueError, match='`alpha` to be positive'):
        DeepClusteringLoss(alpha=0)
    with pytest.raises(ValueError, match='`scale` to be positive'):
        DeepClusteringLoss(scale=-1)
