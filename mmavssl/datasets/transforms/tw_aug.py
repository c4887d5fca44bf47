"""Temporal warping augmentation (TWAug) of SVFormer."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.temporal_warp import tw_aug_indices


@TRANSFORMS.register_module()
class TWAug(BaseTransform):
    """Keep a quarter, half or all of the frames and stretch them over the clip (SVFormer).

    For 8 frames these are 2, 4 and 8, equally likely. The length stays, the order is kept. Each
    clip has its own draw; ``frame_inds`` then name the frames that it shows. (One draw for a whole
    batch, as in SVFormer's code, is an option of `AVDataPreprocessor`.)
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
