import collections
import math

import pytest
import torch
from mmengine.runner.checkpoint import load_state_dict
from torch import nn

from mmavssl.models.thresholds import FlexThreshold
from mmavssl.registry import THRESHOLDS

GOLDEN_PROBS = torch.tensor(
    [[0.50, 0.30, 0.20], [0.29, 0.28, 0.43], [0.34, 0.33, 0.33], [0.05, 0.90, 0.05]]
)


def flex(num_samples=10, num_classes=3, **kwargs):
    threshold = FlexThreshold(**kwargs)
    threshold.setup(num_samples, num_classes)
    return threshold


def with_counts(counts, num_samples, **kwargs):
    """A threshold whose memory was filled by confident predictions, ``counts`` per class."""
    threshold = flex(num_samples, len(counts), **kwargs)
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    probs = nn.functional.one_hot(torch.tensor(labels), len(counts)).float()
    threshold.update(probs, torch.arange(len(labels)))
    return threshold


def test_golden_numbers_of_flexmatch():
    threshold = flex(threshold=0.3)
    steps = [
        ([0, 1, 2, 3], [0, 2, 0, 1, -1, -1, -1, -1, -1, -1], [2 / 6, 1 / 6, 1 / 6]),
        ([4, 5, 6, 7], [0, 2, 0, 1, 0, 2, 0, 1, -1, -1], [1, 0.5, 0.5]),
        ([8, 9, 0, 1], [0, 1, 0, 1, 0, 2, 0, 1, 0, 2], [1, 0.6, 0.4]),
    ]
    for index, memory, status in steps:
        result = threshold(GOLDEN_PROBS, torch.tensor(index))
        assert result.weight.tolist() == [1, 1, 1, 1]
        assert result.label.tolist() == [0, 2, 0, 1]
        threshold.update(GOLDEN_PROBS, torch.tensor(index))
        assert threshold.memory.tolist() == memory
        torch.testing.assert_close(threshold.learning_status, torch.tensor(status))
        if index[0] == 0:
            expected = torch.tensor([0.06, 0.0272727, 0.0272727])
            torch.testing.assert_close(threshold.class_thresholds(), expected)


def test_golden_numbers_without_warmup():
    threshold = flex(warmup=False)
    threshold.update(GOLDEN_PROBS, torch.arange(4))
    assert threshold.learning_status.tolist() == [1, 0.5, 0.5]


@pytest.mark.parametrize(
    ('counts', 'warmup', 'expected'),
    [
        ([3, 1, 0], True, [0.1, 0.02727, 0]),
        ([3, 1, 0], False, [0.3, 0.06, 0]),
        ([6, 3, 1], True, [0.3, 0.1, 0.02727]),
    ],
)
def test_closed_form(counts, warmup, expected):
    thresholds = with_counts(counts, 10, threshold=0.3, warmup=warmup).class_thresholds()
    torch.testing.assert_close(thresholds, torch.tensor(expected), atol=5e-6, rtol=0)


@pytest.mark.parametrize(
    ('share', 'expected'),
    [(0.1, 0.0003), (0.5, 0.003), (0.75, 0.009), (0.9, 0.029), (0.98, 0.277)],
)
def test_thresholds_by_share_of_the_pool_that_has_a_class(share, expected):
    """UCF-51, equally many clips of each class: until nearly all have one, nothing is filtered."""
    counts = [len(range(label, int(share * 4901), 51)) for label in range(51)]
    thresholds = with_counts(counts, 4901, threshold=0.3).class_thresholds()
    # One digit of the smallest is known, and clips do not divide by classes.
    assert float(thresholds.mean()) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize('warmup', [True, False])
def test_whole_pool_in_one_class(warmup):
    threshold = with_counts([4, 0, 0], 4, warmup=warmup)
    assert threshold.learning_status.tolist() == [1, 0, 0]


@pytest.mark.parametrize('warmup', [True, False])
def test_nothing_confident_leaves_everything_passing(warmup):
    threshold = flex(4, 3, threshold=0.95, warmup=warmup)
    threshold.update(GOLDEN_PROBS, torch.arange(4))
    assert threshold.memory.eq(-1).all()
    assert threshold.learning_status.eq(0).all()
    assert threshold(GOLDEN_PROBS).weight.eq(1).all()


def test_memory_is_gated_by_the_fixed_threshold():
    threshold = with_counts([0, 0, 1], 10, threshold=0.6)
    assert threshold.class_thresholds().max() < 0.06
    threshold.update(torch.tensor([[0.59, 0.4, 0.01], [0.6, 0.4, 0.0]]), torch.tensor([5, 6]))
    assert threshold.memory[5:7].tolist() == [-1, 0]


def test_memory_is_overwritten_but_never_forgotten():
    threshold = flex(threshold=0.6)
    index = torch.tensor([2])
    for row, expected in (([0.7, 0.2, 0.1], 0), ([0.5, 0.4, 0.1], 0), ([0.1, 0.1, 0.8], 2)):
        threshold.update(torch.tensor([row]), index)
        assert threshold.memory[2] == expected


def test_later_duplicate_wins_unless_it_is_not_confident():
    threshold = flex(threshold=0.6)
    probs = torch.tensor(
        [[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.4, 0.3, 0.3], [0.9, 0.1, 0.0], [0.0, 0.1, 0.9]]
    )
    threshold.update(probs, torch.tensor([7, 7, 7, 3, 3]))
    assert threshold.memory.tolist() == [-1, -1, -1, 2, -1, -1, -1, 1, -1, -1]


def test_many_duplicates_equal_a_loop():
    generator = torch.Generator().manual_seed(0)
    threshold = flex(20, 5, threshold=0.4)
    memory = [-1] * 20
    for _ in range(10):
        probs = torch.randn(64, 5, generator=generator).softmax(dim=-1)
        index = torch.randint(20, (64,), generator=generator)
        threshold.update(probs, index)
        for row, position in zip(probs.tolist(), index.tolist(), strict=True):
            if max(row) >= 0.4:
                memory[position] = row.index(max(row))
        assert threshold.memory.tolist() == memory
        counts = collections.Counter(memory)
        largest = max(counts.values())
        expected = [counts[label] / largest for label in range(5)]
        torch.testing.assert_close(threshold.learning_status, torch.tensor(expected))


def test_order_of_ranks_is_the_order_of_the_gathered_batch():
    first, second = flex(), flex()
    index = torch.tensor([1, 2, 1, 2])
    first.update(GOLDEN_PROBS, index)
    second.update(GOLDEN_PROBS[:2], index[:2])
    second.update(GOLDEN_PROBS[2:], index[2:])
    assert torch.equal(first.memory, second.memory)


@pytest.mark.parametrize(
    ('mapping', 'function'),
    [
        ('convex', lambda x: x / (2 - x)),
        ('linear', lambda x: (x + 1) / 2),
        ('concave', lambda x: (math.log(x + 1) + 0.5) / (math.log(2) + 0.5)),
    ],
)
def test_mappings(mapping, function):
    threshold = with_counts([6, 3, 1, 0], 10, threshold=0.5, mapping=mapping)
    expected = [0.5 * function(x) for x in (1, 0.5, 1 / 6, 0)]
    torch.testing.assert_close(threshold.class_thresholds(), torch.tensor(expected))
    assert float(threshold.class_thresholds()[0]) == 0.5


def test_forward_uses_the_threshold_of_the_predicted_class():
    threshold = with_counts([6, 3, 1], 10, threshold=0.9)
    probs = torch.tensor(
        [[0.85, 0.1, 0.05], [0.35, 0.4, 0.25], [0.1, 0.1, 0.8], [0.92, 0.04, 0.04]]
    )
    result = threshold(probs)
    assert result.weight.tolist() == [0, 1, 1, 1]
    torch.testing.assert_close(result.thr, torch.tensor([0.9, 0.3, 0.9 / 11, 0.9]))


def test_log_vars():
    threshold = FlexThreshold()
    assert threshold.log_vars() == {}
    log = with_counts([3, 1, 0], 10).log_vars()
    assert {name: round(float(value), 4) for name, value in log.items()} == {
        'thr_min': 0.0, 'thr_mean': 0.0424, 'thr_max': 0.1, 'num_unused': 6.0,
    }  # fmt: skip
    assert all(isinstance(value, torch.Tensor) for value in log.values())
    assert not any('loss' in name for name in log)


def test_setup_again_with_the_same_sizes_keeps_the_state():
    threshold = with_counts([3, 1, 0], 10)
    memory = threshold.memory.clone()
    threshold.setup(10, 3)
    assert torch.equal(threshold.memory, memory)
    threshold.setup(11, 3)
    assert threshold.memory.eq(-1).all()
    assert len(threshold.memory) == 11


@pytest.mark.parametrize('load', [nn.Module.load_state_dict, load_state_dict])
class TestCheckpoint:
    """As part of a model, with torch's loader and MMEngine's."""

    def model(self, threshold):
        return nn.ModuleDict(dict(threshold=threshold))

    def checkpoint(self):
        return self.model(with_counts([3, 1, 0], 10)).state_dict()

    def test_state_is_restored(self, load):
        threshold = flex()
        load(self.model(threshold), self.checkpoint())
        assert threshold.memory.tolist() == [0, 0, 0, 1, -1, -1, -1, -1, -1, -1]
        torch.testing.assert_close(threshold.learning_status, torch.tensor([0.5, 1 / 6, 0]))

    @pytest.mark.parametrize(
        ('sizes', 'name'), [((11, 3), 'memory'), ((10, 4), 'learning_status')]
    )
    def test_another_length_raises(self, load, sizes, name):
        with pytest.raises(ValueError, match=rf'`threshold\.{name}` of length .* the same split'):
            load(self.model(flex(*sizes)), self.checkpoint())

    def test_ignored_before_setup(self, load):
        threshold, checkpoint = FlexThreshold(), self.checkpoint()
        load(self.model(threshold), checkpoint)
        assert threshold.memory.numel() == threshold.learning_status.numel() == 0
        assert len(checkpoint['threshold.memory']) == 10
        threshold.setup(10, 3)
        assert threshold.memory.eq(-1).all()


def test_buffers_have_their_types():
    threshold = flex()
    assert threshold.memory.dtype == torch.long
    assert threshold.half().learning_status.dtype == torch.half
    assert set(threshold.state_dict()) == {'memory', 'learning_status'}


def test_errors():
    with pytest.raises(RuntimeError, match='`setup'):
        FlexThreshold()(GOLDEN_PROBS)
    with pytest.raises(RuntimeError, match='`setup'):
        FlexThreshold().update(GOLDEN_PROBS, torch.arange(4))
    with pytest.raises(ValueError, match='of 4 classes, as given to `setup`, but got 3'):
        flex(10, 4)(GOLDEN_PROBS)
    with pytest.raises(
        ValueError, match='one index for each of 4 predictions, but got shape None'
    ):
        flex().update(GOLDEN_PROBS)
    with pytest.raises(ValueError, match=r'4 predictions, but got shape \(3,\)'):
        flex().update(GOLDEN_PROBS, torch.arange(3))
    with pytest.raises(RuntimeError, match='out of bounds'):
        flex(3).update(GOLDEN_PROBS, torch.arange(4))
    with pytest.raises(ValueError, match='to be positive, but got 0 and 3'):
        FlexThreshold().setup(0, 3)
    with pytest.raises(ValueError, match=r"`mapping` to be one of .*, but got 'cubic'"):
        FlexThreshold(mapping='cubic')
    with pytest.raises(ValueError, match=r'`threshold` to be in \[0, 1\], but got -1'):
        THRESHOLDS.build(dict(type='FlexThreshold', threshold=-1))
    assert (FlexThreshold.needs_index, FlexThreshold.update_first) == (True, False)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_no_wait_for_the_device():
    threshold = flex().cuda()
    probs, index = GOLDEN_PROBS.cuda(), torch.tensor([7, 7, 3, 7]).cuda()
    threshold(probs, index)  # values are looked at once
    torch.cuda.set_sync_debug_mode('error')
    try:
        threshold(probs, index)
        threshold.update(probs, index)
        threshold.log_vars()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert threshold.memory.tolist() == [-1, -1, -1, 0, -1, -1, -1, 1, -1, -1]


def test_what_is_said_of_thresholds_that_stay_at_zero():
    threshold = flex(threshold=0.95)
    assert threshold.conclusion() is None  # a run of warm-up alone
    threshold.update(GOLDEN_PROBS, torch.arange(4))
    assert threshold(GOLDEN_PROBS, torch.arange(4)).weight.tolist() == [1, 1, 1, 1]
    assert threshold.conclusion().startswith(
        '`model.threshold`: no prediction of the 10 unlabeled clips has reached the confidence of '
        '0.95, so that the thresholds of all classes are still 0, and all pseudo labels count'
    )
    threshold.update(torch.tensor([[0.01, 0.02, 0.97]]), torch.tensor([9]))
    assert threshold.conclusion() is None
