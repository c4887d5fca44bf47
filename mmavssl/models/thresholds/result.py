"""What a threshold gives, and whether a threshold has given it."""

from typing import Any, NamedTuple

from torch import Tensor, nn

from mmavssl.models.utils.given import describe, may_read, misfit
from mmavssl.utils.errors import ConfigError

KINDS = {'weight': 'float', 'label': 'long', 'conf': 'float', 'thr': 'float'}


class ThresholdResult(NamedTuple):
    """Pseudo labels of a batch and how much each counts.

    Attributes:
        weight: float (U,), 1 where the pseudo label is used and 0 elsewhere; some thresholds
            give weights in between.
        label: long (U,), most likely class.
        conf: float (U,), probability of that class.
        thr: float (U,), what ``conf`` had to reach.
    """

    weight: Tensor
    label: Tensor
    conf: Tensor
    thr: Tensor


def check_result(threshold: nn.Module, result: Any, probs: Tensor) -> ThresholdResult:
    """Return what a threshold says of a batch, if it is what losses need.

    Types and shapes are looked at always, values where nothing waits for them (`may_read`).

    Args:
        threshold: that was asked.
        result: of its `forward`.
        probs: (U, C), that it was asked about.

    Raises:
        ConfigError: names the threshold, what was expected, and what is something else.
    """
    got = _misfits(result, probs)
    if got:
        raise ConfigError(
            f'Expected {type(threshold).__name__}.forward to give a ThresholdResult with a float '
            f'`weight`, a long `label`, a float `conf` and a float `thr`, each (U,) = '
            f'{tuple(probs.shape[:1])} on {probs.device}, but got {got}.'
        )
    if may_read(threshold, probs):
        _check_values(threshold, result, probs)
    return result


def _misfits(result: Any, probs: Tensor) -> str:
    if not isinstance(result, ThresholdResult):
        return describe(result)
    shape = tuple(probs.shape[:1])
    found = {
        name: misfit(getattr(result, name), kind, shape, probs.device)
        for name, kind in KINDS.items()
    }
    return ', '.join(f'`{name}` {what}' for name, what in found.items() if what)


def _check_values(threshold: nn.Module, result: ThresholdResult, probs: Tensor) -> None:
    if not probs.isfinite().all():  # by no fault of the threshold: `NonFiniteGuardHook` sees to it
        return
    name, num_classes = type(threshold).__name__, probs.shape[-1]
    wrong = ~((result.weight >= 0) & (result.weight <= 1))  # and so where it is NaN
    if wrong.any():
        clip = int(wrong.int().argmax())
        raise ConfigError(
            f'Expected `weight` of {name}.forward to be in [0, 1], but got '
            f'{float(result.weight[clip]):.3g} for clip {clip} of the batch.'
        )
    wrong = (result.label < 0) | (result.label >= num_classes)
    if wrong.any():
        clip = int(wrong.int().argmax())
        raise ConfigError(
            f'Expected `label` of {name}.forward to be in [0, {num_classes}), but got '
            f'{int(result.label[clip])} for clip {clip} of the batch.'
        )
