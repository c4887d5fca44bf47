"""Load a frame and the sound around the middle of the file, as sound source localizers do."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError
from mmavssl.utils.ranges import check_range


@TRANSFORMS.register_module()
class LoadFrameAndSound(BaseTransform):
    """Decode the frames that `SampleClip` chose, and the middle of the sound, whatever the frames.

    FNAC's and EZ-VSL's code does so: any frame of a video goes with the same seconds of its sound.
    A shorter sound is repeated. `LoadAVClip` takes the sound of the frames' time instead.

    Adds ``imgs`` (K * T, H, W, 3) uint8 and, with sound, ``waveform`` (K, S) float32, the same
    for all K clips.

    Args:
        audio_seconds: length of the sound.

    Raises:
        ValueError: it is not positive.
    """

    def __init__(self, audio_seconds: float = 3.0) -> None:
        check_range('audio_seconds', audio_seconds, above=0, high=3600)
        self.audio_seconds = audio_seconds

    def transform(self, results: dict) -> dict:
        """Decode frames and sound.

        Raises:
            DataError: the part of the file that the list names has no sound.
        """
        results['imgs'] = results['video_file'].frames(results['frame_inds'])
        if 'has_audio' in results:
            rate = results.get('sample_rate', SAMPLE_RATE)
            sound = middle_of(self._sound(results, rate), round(self.audio_seconds * rate))
            results['waveform'] = np.tile(sound, (len(results['frame_inds']), 1))
        return results

    def _sound(self, results: dict, rate: int) -> np.ndarray:
        """Return the sound (S,) of the part that the list names (``start``, ``end``)."""
        file = results['audio_file']
        if file is None:
            return np.zeros(1, np.float32)
        whole = file.waveform
        offset = results['audio_origin'] - file.start_time
        start, end = results.get('start'), results.get('end')
        first, last = (
            None if time is None else max(round((time + offset) * rate), 0)
            for time in (start, end)
        )
        if not len(whole[first:last]):
            until = 'the end' if end is None else f'{end} s'
            raise DataError(
                f'{file.path} has no sound from {start or 0.0} s to {until}. Correct `start` and '
                '`end` in the list.'
            )
        return whole[first:last]


def middle_of(sound: np.ndarray, num_samples: int) -> np.ndarray:
    """Return the samples in the middle of a sound (S,), which is repeated if it is shorter.

    >>> middle_of(np.arange(6), 2), middle_of(np.arange(3), 7)
    (array([2, 3]), array([0, 1, 2, 0, 1, 2, 0]))
    """
    start = max(len(sound) - num_samples, 0) // 2
    return np.resize(sound[start : start + num_samples], num_samples)
