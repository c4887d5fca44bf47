"""Temporal warping augmentation (TWAug) of SVFormer."""

from itertools import pairwise

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS

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


@TRANSFORMS.register_module()
class TWAug(BaseTransform):
    """Keep a quarter, half or all of the frames and stretch them over the clip (SVFormer).

    For 8 frames these are 2, 4 and 8, equally likely. The length stays, the order is kept. Each
    clip has its own draw; ``frame_inds`` then name the frames that it shows.
    """

    def transform(self, results: dict) -> dict:
        """Warp each clip in time."""
        num_clips, num_frames = results['frame_inds'].shape
        order = np.stack([tw_aug_indices(num_frames) for _ in range(num_clips)])
        picture = results['imgs'].shape[1:]
        clips = results['imgs'].reshape(num_clips, -1, num_frames, *picture)  # clip, crop, time
        warped = [clip[:, indices] for clip, indices in zip(clips, order, strict=True)]
        results['imgs'] = np.concatenate(warped).reshape(-1, *picture)
        results['frame_inds'] = np.take_along_axis(results['frame_inds'], order, axis=1)
        return results
