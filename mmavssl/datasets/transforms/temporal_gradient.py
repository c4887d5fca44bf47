"""Temporal gradients: how each frame of a clip differs from the next one of the file (LTG)."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.datasets.transforms.sampling import part_of_file
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError

#: The largest value of a pixel; added to differences so that their half is one again.
WHITE = 255


@TRANSFORMS.register_module()
class PairFrames(BaseTransform):
    """Choose, after each frame of a clip, the one that follows it in the file.

    Stands after `SampleClip`. ``frame_inds`` (K, T) become (K, 2 T): a frame, the next one, and so
    on. The last frame of the file, or of the part that the list names, is its own partner: a video
    that is over does not change any more, as the last frame that short clips repeat. (LTG's code
    never chooses it.) Crops and flips between this and `TakeFrames` or `TemporalGradient` are
    shared by both frames of a pair, and by all views that are made of them.

    Adds ``frames_paired``.
    """

    #: Of all views, before one of them is loaded (see `MultiView`).
    only_chooses = True

    def transform(self, results: dict) -> dict:
        """Choose the partners.

        Raises:
            DataError: the video ends before the part that the list names.
        """
        chosen, video = results['frame_inds'], results['video_file']
        last = video.clock.last_before(part_of_file(results, video.clock)[1])
        pairs = np.stack([chosen, np.minimum(chosen + 1, last)], axis=-1)
        results['frame_inds'] = pairs.reshape(len(chosen), -1)
        results['frames_paired'] = True
        video.request(results['frame_inds'])
        return results


@TRANSFORMS.register_module()
class TakeFrames(BaseTransform):
    """Keep the first frame of each pair: the clip that `SampleClip` chose.

    Turns ``imgs`` (V * 2 T, H, W, 3) into (V * T, H, W, 3) for V clips or crops, and
    ``frame_inds`` (K, 2 T) into (K, T).
    """

    def transform(self, results: dict) -> dict:
        """Drop the partners.

        Raises:
            ConfigError: there are no pairs.
        """
        results['imgs'], _ = take_pairs(results)
        return results


@TRANSFORMS.register_module()
class TemporalGradient(BaseTransform):
    """Turn each pair of frames into their difference, a picture (LTG; Xiao et al., CVPR 2022).

    ``(I_t - I_{t+1} + 255) / 2`` in uint8, rounded down: grey, 127, where nothing changes. Shapes
    change as by `TakeFrames`. How long a frame lasts is not made up for: a file of more frames a
    second has smaller changes, as in LTG's code.
    """

    def transform(self, results: dict) -> dict:
        """Subtract the partners.

        Raises:
            ConfigError: there are no pairs.
        """
        frames, following = take_pairs(results)
        change = frames.astype(np.int16)  # a difference of bytes would wrap around
        change -= following
        change += WHITE
        change >>= 1
        results['imgs'] = change.astype(np.uint8)
        return results


def take_pairs(results: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return frames and their partners, (V * T, H, W, 3) each; ``frame_inds`` lose the partners.

    Raises:
        ConfigError: there are no pairs.
    """
    if not results.get('frames_paired'):
        raise ConfigError(
            'TakeFrames and TemporalGradient are for pairs of frames, of which there are none. '
            'Put `PairFrames` after `SampleClip`, and one of the two into each view.'
        )
    results['frames_paired'] = False
    results['frame_inds'] = results['frame_inds'][:, ::2]
    return results['imgs'][::2], results['imgs'][1::2]
