"""Golden numbers: made by the hooks of the USB library on the same probabilities."""

import math

import pytest
import torch

from mmavssl.models.thresholds import SoftThreshold
from mmavssl.registry import THRESHOLDS

PROBS = torch.tensor(
    [[0.50, 0.30, 0.20], [0.29, 0.28, 0.43], [0.34, 0.33, 0.33], [0.05, 0.90, 0.05]]
)


def soft(**kwargs):
    threshold = SoftThreshold(**{'decay': 0.9, **kwargs})
    threshold.setup(num_samples=10, num_classes=3)
    return threshold


def close(actual, expected, tolerance=1e-6):
    torch.testing.assert_close(
        torch.as_tensor(actual), torch.as_tensor(expected), atol=tolerance, rtol=0
    )


def test_golden_numbers():
    threshold = soft()
    threshold.update(PROBS)
    close(threshold.mean, 0.35425)
    close(threshold.variance, 0.906109)
    result = threshold(PROBS)
    close(result.weight, [1, 1, 0.999552, 1])
    assert result.label.tolist() == [0, 2, 0, 1]
    close(result.conf, [0.50, 0.43, 0.34, 0.90])


def test_weight_falls_with_the_distance_below_the_mean():
    threshold = soft(num_sigmas=3.0)
    threshold.mean.fill_(0.6)
    threshold.variance.fill_(0.04)
    expected = [math.exp(-(min(c - 0.6, 0) ** 2) * 9 / 0.08) for c in (0.5, 0.43, 0.34, 0.9)]
    close(threshold(PROBS).weight, expected)


def test_alignment_changes_weights_and_not_labels():
    threshold = soft(align=True)
    threshold.mean_probs = torch.tensor([0.6, 0.2, 0.2])
    threshold.mean.fill_(0.6)
    threshold.variance.fill_(0.04)
    result = threshold(PROBS)
    factors = [(1 / 3 + 1e-6) / (p + 1e-6) for p in (0.6, 0.2, 0.2)]
    expected = []
    for row in PROBS.tolist():
        aligned = [q * factor for q, factor in zip(row, factors, strict=True)]
        confidence = max(aligned) / sum(aligned)
        expected.append(math.exp(-(min(confidence - 0.6, 0) ** 2) * 4 / 0.08))
    close(result.weight, expected)
    assert result.label.tolist() == [0, 2, 0, 1]
    assert (soft()(PROBS).weight - result.weight).abs().max() > 0.01


def test_alignment_follows_the_predictions_from_the_first_iteration_on():
    """The average starts as that of the first batch, then moves; in plain numbers."""
    threshold = soft(align=True)
    batches = [PROBS, PROBS.roll(1, dims=1)]
    average = PROBS.mean(dim=0).tolist()
    for number, probs in enumerate(batches):
        threshold.update(probs)
        if number:
            average = [0.9 * a + 0.1 * m for a, m in zip(average, probs.mean(0), strict=True)]
        close(threshold.mean_probs, average)
        for aligned, row in zip(threshold.aligned(probs), probs.tolist(), strict=True):
            scaled = [q * (1 / 3 + 1e-6) / (p + 1e-6) for q, p in zip(row, average, strict=True)]
            close(aligned, [value / sum(scaled) for value in scaled])
    threshold.setup(num_samples=10, num_classes=4)
    threshold.update(torch.eye(4)[:1])
    close(threshold.mean_probs, [1.0, 0.0, 0.0, 0.0])


def test_alignment_leaves_mean_and_variance_as_they_are():
    """The paper's are those of unaligned confidences; USB's, of aligned ones (its issue #89)."""
    threshold = soft(align=True)
    batches = torch.tensor([[0.9, 0.05, 0.05], [0.8, 0.1, 0.1], [0.4, 0.3, 0.3]]), PROBS
    for probs in batches:
        threshold.update(probs)
        difference = threshold.aligned(probs).amax(dim=-1).mean() - probs.amax(dim=-1).mean()
        assert difference.abs() > 0.05
    close(threshold.mean, 0.9 * (0.9 / 3 + 0.1 * 0.7) + 0.1 * 0.5425)
    variance = sum((conf - 0.5425) ** 2 for conf in (0.50, 0.43, 0.34, 0.90)) / 3
    close(threshold.variance, 0.9 * (0.9 * 1 + 0.1 * 0.07) + 0.1 * variance)


def test_equal_confidences_have_no_variance():
    threshold = soft(decay=0.0)
    threshold.update(PROBS[:1].repeat(3, 1))
    assert threshold(PROBS[:1]).weight.tolist() == [1.0]
    assert threshold(PROBS[2:3]).weight.tolist() == [0.0]


def test_single_prediction_has_no_variance_to_follow():
    threshold = soft()
    threshold.update(PROBS[:1])
    close(threshold.variance, 1.0)
    close(threshold.mean, 0.9 / 3 + 0.05)


def test_logs_and_refuses():
    assert soft().log_vars()['conf_std'] == 1
    assert SoftThreshold().log_vars() == {}
    with pytest.raises(RuntimeError, match='setup'):
        SoftThreshold().update(PROBS)
    with pytest.raises(ValueError, match='`num_sigmas`'):
        SoftThreshold(num_sigmas=0)


def test_is_registered():
    assert isinstance(THRESHOLDS.build(dict(type='SoftThreshold')), SoftThreshold)
