"""What is counted in mixes of two clips whose actors are known."""

import math

import torch
from torch import Tensor

#: Less than this of an actor is as good as nothing.
GONE = 0.1


def touches(maps: Tensor, coverage: Tensor) -> Tensor:
    """Return the share (B,) of frames in which a map (B, T, h * w) is highest on the actor.

    Frames whose map is the same everywhere do not count; NaN where there are no others.
    """
    highest = maps.argmax(dim=-1, keepdim=True)
    found = (coverage.gather(2, highest) > 0).double().squeeze(2)
    return found.where(maps.amax(dim=2) > maps.amin(dim=2), torch.nan).nanmean(dim=1)


def evidence(mask: Tensor, first: Tensor, second: Tensor, ratio: Tensor) -> dict[str, Tensor]:
    """Return what is left of the actors of two clips in their mix.

    Args:
        mask: bool (B, T, h * w), tokens of the first clip.
        first: (B, T, h * w) how much of each token the actor of the first clip covers.
        second: as ``first``, of the other clip.
        ratio: (B,) share of the first clip in the label.

    Returns:
        Values (B,): ``share`` in the label; ``first`` and ``second``, parts of the actors that
        are left; ``first_gone`` and ``second_gone``, whether that is next to nothing;
        ``label_error``, how far the share is from the first one's part of all that is left.
    """
    kept = (mask * first).sum(dim=(1, 2)) / first.sum(dim=(1, 2))
    other = (~mask * second).sum(dim=(1, 2)) / second.sum(dim=(1, 2))
    both = (kept + other).clamp(min=1e-6)
    return {
        'share': ratio,
        'first': kept,
        'second': other,
        'first_gone': (kept < GONE).double(),
        'second_gone': (other < GONE).double(),
        'label_error': (ratio - kept / both).abs(),
    }


def percent(values: dict[str, Tensor], chosen: Tensor) -> dict[str, float]:
    """Return means over mixes in percent, without those that have no value.

    Args:
        values: by name, (repeats, B) in [0, 1] or NaN.
        chosen: bool (B,), the first clips of the mixes that count.
    """
    means = {key: 100 * float(value[:, chosen].nanmean()) for key, value in values.items()}
    return {key: round(mean, 2) for key, mean in means.items() if not math.isnan(mean)}
