"""What a threshold of somebody's own may get wrong."""

import pytest
import torch

from mmavssl.models.losses.consistency import ConsistencyLoss
from mmavssl.models.thresholds import BaseThreshold, FixedThreshold, SoftThreshold
from mmavssl.models.thresholds.base import select
from mmavssl.models.utils import given
from mmavssl.utils.errors import ConfigError

CLIPS, CLASSES = 4, 3
NAN = float('nan')


class Ramp(BaseThreshold):
    """Gives what `FixedThreshold` gives, but for what is changed."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, probs, sample_idx=None):
        return self.change(select(probs, torch.full((CLASSES,), 0.3)))


def probs():
    return torch.randn(CLIPS, CLASSES, generator=torch.Generator().manual_seed(0)).softmax(-1)


def loss_with(threshold):
    result = threshold(probs())
    return ConsistencyLoss()(torch.zeros(CLIPS, CLASSES), probs(), result)


def test_what_is_right_passes():
    assert loss_with(Ramp(lambda result: result)) == loss_with(FixedThreshold(0.3))
    half = Ramp(lambda result: result._replace(weight=result.weight.half() / 2))
    assert half(probs()).weight.tolist() == [0.5] * CLIPS


@pytest.mark.parametrize(
    ('change', 'got'),
    [
        (lambda result: result.weight, f'float32 ({CLIPS},)'),
        (lambda result: tuple(result), 'a tuple'),
        (lambda result: result._replace(weight=result.weight[:, None]), '`weight` float32 (4, 1)'),
        (lambda result: result._replace(weight=torch.ones(())), '`weight` float32 ()'),
        (lambda result: result._replace(weight=result.weight > 0), '`weight` bool (4,)'),
        (lambda result: result._replace(weight=result.weight.to('meta')), '`weight` on meta'),
        (lambda result: result._replace(label=result.label.float()), '`label` float32 (4,)'),
        (lambda result: result._replace(label=result.label.int()), '`label` int32 (4,)'),
        (lambda result: result._replace(thr=0.3), '`thr` a float'),
        (
            lambda result: result._replace(weight=result.label, label=result.weight),
            '`weight` int64 (4,), `label` float32 (4,)',
        ),
    ],
)
def test_types_and_shapes(change, got):
    with pytest.raises(ConfigError) as info:
        Ramp(change)(probs())
    assert str(info.value) == (
        'Expected Ramp.forward to give a ThresholdResult with a float `weight`, a long `label`, a '
        f'float `conf` and a float `thr`, each (U,) = (4,) on cpu, but got {got}.'
    )


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        ('weight', -5.0, r'`weight` of Ramp\.forward to be in \[0, 1\], but got -5 for clip 2'),
        ('weight', 1.5, r'\[0, 1\], but got 1.5'),
        ('weight', NAN, r'\[0, 1\], but got nan for clip 2'),
        ('label', 3, r'`label` of Ramp\.forward to be in \[0, 3\), but got 3 for clip 2'),
        ('label', -1, r'\[0, 3\), but got -1'),
    ],
)
def test_values(name, value, message):
    def change(result):
        getattr(result, name)[2] = value
        return result

    with pytest.raises(ConfigError, match=message):
        Ramp(change)(probs())


def test_predictions_that_are_not_finite_are_no_fault_of_the_threshold():
    """Else a clip with NaN would end the run, where its step alone is skipped."""
    threshold = SoftThreshold()
    threshold.setup(10, CLASSES)
    broken = probs()
    broken[1] = NAN
    assert threshold(broken).weight.isnan().tolist() == [False, True, False, False]


def test_elsewhere_values_are_looked_at_in_the_first_call_alone(monkeypatch):
    monkeypatch.setattr(given, 'is_far', lambda value: True)
    threshold = Ramp(lambda result: result._replace(weight=result.weight - 5))
    with pytest.raises(ConfigError, match='but got -4 for clip 0'):
        threshold(probs())
    assert threshold(probs()).weight.tolist() == [-4] * CLIPS
    threshold.change = lambda result: None
    with pytest.raises(ConfigError, match='but got None'):
        threshold(probs())


def test_thresholds_can_be_compiled():
    """The check breaks no graph, neither that of a threshold nor that of what holds one."""
    expected = FixedThreshold(0.4)(probs()).weight

    class Holder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.threshold = FixedThreshold(0.4)

        def forward(self, probs):
            return self.threshold(probs).weight

    holder, alone = Holder(), FixedThreshold(0.4)
    for module in (holder, alone):
        module.compile(fullgraph=True, backend='eager')
    assert holder(probs()).equal(expected)
    assert alone(probs()).weight.equal(expected)
