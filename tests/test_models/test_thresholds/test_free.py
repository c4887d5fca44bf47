"""Golden numbers: made by the hooks of the USB library on the same probabilities."""

import copy
import math

import pytest
import torch

from mmavssl.models.thresholds import FreeThreshold
from mmavssl.registry import THRESHOLDS

PROBS = torch.tensor(
    [[0.50, 0.30, 0.20], [0.29, 0.28, 0.43], [0.34, 0.33, 0.33], [0.05, 0.90, 0.05]]
)
STRONG = torch.tensor([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.5, 0.25, 0.25], [0.1, 0.8, 0.1]])


def free(**kwargs):
    threshold = FreeThreshold(**{'decay': 0.9, **kwargs})
    threshold.setup(num_samples=10, num_classes=3)
    return threshold


def close(actual, expected, tolerance=1e-6):
    torch.testing.assert_close(
        torch.as_tensor(actual), torch.as_tensor(expected), atol=tolerance, rtol=0
    )


def test_golden_numbers():
    threshold = free()
    threshold.update(PROBS)
    close(threshold.confidence, 0.35425)
    close(threshold.mean_probs, [0.3295, 0.34525, 0.32525])
    close(threshold.histogram, [0.35, 0.325, 0.325])
    close(threshold.class_thresholds(), [0.338089, 0.35425, 0.333729])
    assert threshold(PROBS).weight.tolist() == [1, 1, 1, 1]

    threshold.update(PROBS)
    close(threshold.confidence, 0.373075)
    close(threshold.class_thresholds(), [0.341713, 0.373075, 0.33325])
    result = threshold(PROBS)
    assert result.weight.tolist() == [1, 1, 0, 1]
    assert result.label.tolist() == [0, 2, 0, 1]
    close(result.thr, [0.341713, 0.33325, 0.341713, 0.373075])


@pytest.mark.parametrize(
    ('second_row', 'expected'), [([0.2, 0.2, 0.6], -1.1345), ([0.7, 0.2, 0.1], -9.7125)]
)
def test_golden_fairness_loss(second_row, expected):
    """In the second case no strong view is of class 2, which costs log 1e-12."""
    threshold = free(fairness_weight=1.0)
    threshold.update(PROBS)
    logits = STRONG.clone()
    logits[1] = torch.tensor(second_row)
    close(threshold.aux_loss(logits.log(), torch.ones(4)), expected, 1e-4)


def test_fairness_loss_in_plain_numbers_with_its_weight_and_of_passed_clips_alone():
    threshold = free(fairness_weight=0.01)
    threshold.update(PROBS)
    passed = [0, 1, 3]
    mean = [sum(STRONG[i][c].item() for i in passed) / 3 for c in range(3)]
    shares = [1 / 3, 1 / 3, 1 / 3]
    target = [threshold.mean_probs[c].item() / threshold.histogram[c].item() for c in range(3)]
    ratio = [m / h for m, h in zip(mean, shares, strict=True)]
    expected = sum(
        t / sum(target) * math.log(r / sum(ratio)) for t, r in zip(target, ratio, strict=True)
    )
    logits = STRONG.log().requires_grad_()
    loss = threshold.aux_loss(logits, torch.tensor([1.0, 1.0, 0.0, 1.0]))
    close(loss, 0.01 * expected)
    loss.backward()
    assert logits.grad[2].abs().sum() == 0
    assert logits.grad[[0, 1, 3]].abs().sum(dim=1).min() > 0


def test_fairness_loss_is_zero_where_nothing_passes_and_none_where_it_is_off():
    threshold = free()
    threshold.update(PROBS)
    logits = STRONG.log().requires_grad_()
    loss = threshold.aux_loss(logits, torch.zeros(4))
    loss.backward()
    assert loss == 0
    assert logits.grad.abs().sum() == 0
    assert free(fairness_weight=0).aux_loss(logits, torch.ones(4)) is None


def test_quantile_and_clip():
    threshold = free(decay=0.0, quantile=0.5)
    threshold.update(PROBS)
    close(threshold.confidence, (0.43 + 0.50) / 2)
    threshold = free(decay=0.0, clip=(0.0, 0.4))
    threshold.update(PROBS)
    close(threshold.confidence, 0.4)


def test_state_is_saved_and_repeated_setup_keeps_it():
    threshold = free()
    threshold.update(PROBS)
    threshold.setup(10, 3)
    close(threshold.confidence, 0.35425)
    other = free()
    other.load_state_dict(copy.deepcopy(threshold.state_dict()))
    close(other.class_thresholds(), threshold.class_thresholds())
    tested = FreeThreshold()  # a network that is only tested is not set up
    tested.load_state_dict(copy.deepcopy(threshold.state_dict()))
    assert not tested.is_set_up
    trained = FreeThreshold()
    trained.setup(10, 4)
    with pytest.raises(ValueError, match='the checkpoint has 3'):
        trained.load_state_dict(threshold.state_dict())


def test_logs_its_thresholds():
    threshold = free()
    assert threshold.log_vars()['thr_min'] == pytest.approx(1 / 3)
    assert FreeThreshold().log_vars() == {}


def test_refuses_what_does_not_fit():
    with pytest.raises(RuntimeError, match='setup'):
        FreeThreshold()(PROBS)
    with pytest.raises(ValueError, match='3 classes'):
        free()(torch.ones(2, 4) / 4)
    with pytest.raises(ValueError, match='`decay`'):
        FreeThreshold(decay=1.5)
    with pytest.raises(ValueError, match='`fairness_weight`'):
        FreeThreshold(fairness_weight=-1)
    with pytest.raises(ValueError, match='`quantile`'):
        FreeThreshold(quantile=2)
    with pytest.raises(ValueError, match='num_classes'):
        FreeThreshold().setup(5, 0)
    for clip in ((0.9, 0.1), (-0.1, 0.5), (0.5, 1.5)):
        with pytest.raises(ValueError, match='`clip'):
            FreeThreshold(clip=clip)


def test_is_registered():
    assert isinstance(THRESHOLDS.build(dict(type='FreeThreshold')), FreeThreshold)
