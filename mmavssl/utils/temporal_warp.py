"""Which frames a temporally warped clip shows (SVFormer's TWAug)."""

from itertools import pairwise

import numpy as np

# A quarter, half or all of the frames are kept.
DIVISORS = (4, 2, 1)


def warp_indices(
    kept: list[int] | np.ndarray, num_frames: int, mids: list[int] | None = None
) -> np.ndarray:
    """Return which frame stands at each position when only ``kept`` frames remain.

    Positions before the first kept frame show it, those from the last one on show that one.
    Between neighbours a < b a turning point is drawn from a..b: a before it, b from it on; so a
    kept frame can vanish.

    Args:
        kept: positions of the kept frames, ascending.
        num_frames: length T of the clip.
        mids: turning points between neighbours that are not adjacent; None draws them.

    >>> warp_indices([2, 7], 8, mids=[4]).tolist()
    [2, 2, 2, 2, 7, 7, 7, 7]
    """
    indices = np.full(num_frames, kept[-1])
    indices[: kept[0]] = kept[0]
    given = iter(mids or ())
    for left, right in pairwise(kept):
        if right == left + 1:
            middle = right
        else:
            middle = next(given) if mids is not None else np.random.randint(left, right + 1)
        indices[left:middle] = left
        indices[middle:right] = right
    return indices


def tw_aug_indices(num_frames: int) -> np.ndarray:
    """Draw how many frames are kept, which ones, and return the frame at each position (T,)."""
    num_kept = max(num_frames // np.random.choice(DIVISORS), 1)
    if num_kept == num_frames:
        return np.arange(num_frames)
    return warp_indices(np.sort(np.random.permutation(num_frames)[:num_kept]), num_frames)
