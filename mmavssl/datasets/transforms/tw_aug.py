"""Temporal warping augmentation (TWAug) of SVFormer."""

from itertools import pairwise

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS


def tw_aug_indices(kept: list[int], num_frames: int, mids: list[int] | None = None) -> np.ndarray:
    """Return which frame stands at each position when only ``kept`` frames remain.

    Positions before the first kept frame show it, those from the last one on show that one.
    Between neighbours a < b a turning point is drawn from a..b: a before it, b from it on.

    Args:
        kept: positions of the kept frames, ascending.
        num_frames: length T of the clip.
        mids: turning points between neighbours that are not adjacent; None draws them.

    >>> tw_aug_indices([2, 7], 8, mids=[4]).tolist()
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


@TRANSFORMS.register_module()
class TWAug(BaseTransform):
    """Keep a quarter, half or all of the frames and stretch them over the clip (SVFormer).

    For 8 frames these are 2, 4 and 8, equally likely. The length stays, the order is kept.
    """

    def transform(self, results: dict) -> dict:
        """Warp the clip in time."""
        num_frames = len(results['imgs'])
        num_kept = max(num_frames // (4, 2, 1)[np.random.randint(3)], 1)
        if num_kept < num_frames:
            kept = sorted(np.random.choice(num_frames, num_kept, replace=False).tolist())
            results['imgs'] = results['imgs'][tw_aug_indices(kept, num_frames)]
        return results
