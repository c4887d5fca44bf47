"""Choose which frames of a video make a clip."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS

MODES = ('random', 'uniform')


@TRANSFORMS.register_module()
class SampleClip(BaseTransform):
    """Choose ``clip_len`` frames at equal steps of time, from a random or from fixed places.

    The span is ``clip_len * frame_interval`` frames at ``target_fps``, in seconds, whatever the
    frame rate of the file (SVFormer: 8 frames, every 8th at 30 fps). A video shorter than the span
    gives its frames in order, the last one repeated.

    Adds ``frame_inds`` (K, T) and ``clip_times`` (K, 2), begin and end in seconds on the file's
    clock.

    Args:
        clip_len: frames T of a clip.
        frame_interval: step between them, in frames at ``target_fps``.
        num_clips: clips K.
        mode: ``random``: begin uniformly distributed; ``uniform``: begins at equal steps from the
            first to the last possible one (one clip: the middle).
        target_fps: frame rate in which ``frame_interval`` counts; None: that of the file.
    """

    def __init__(
        self,
        clip_len: int = 8,
        frame_interval: int = 8,
        num_clips: int = 1,
        mode: str = 'random',
        target_fps: float | None = 30,
    ) -> None:
        for name, value in (
            ('clip_len', clip_len), ('frame_interval', frame_interval), ('num_clips', num_clips),
        ):  # fmt: skip
            if value < 1:
                raise ValueError(f'Expected `{name}` to be at least 1, but got {value!r}.')
        if mode not in MODES:
            raise ValueError(f'Expected `mode` to be one of {MODES}, but got {mode!r}.')
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.num_clips = num_clips
        self.mode = mode
        self.target_fps = target_fps

    def transform(self, results: dict) -> dict:
        """Choose the frames."""
        video = results['video_file']
        first, last = self._segment(results, video)
        step = self.frame_interval * (video.fps / self.target_fps if self.target_fps else 1.0)
        span = self.clip_len * step
        slack = max(last - first - span, 0.0)
        if self.mode == 'random':
            starts = np.random.uniform(0, slack, self.num_clips)
        elif self.num_clips == 1:
            starts = np.array([slack / 2])
        else:
            starts = np.linspace(0, slack, self.num_clips)
        positions = first + starts[:, None] + step * np.arange(self.clip_len)
        results['frame_inds'] = np.minimum(positions.astype(np.int64), last - 1)
        begin = video.start_time + (first + starts) / video.fps
        results['clip_times'] = np.stack([begin, begin + span / video.fps], axis=1)
        return results

    def _segment(self, results: dict, video) -> tuple[int, int]:
        start, end = results.get('start'), results.get('end')
        first = 0 if start is None else int(start * video.fps)
        last = video.num_frames if end is None else int(np.ceil(end * video.fps))
        first = min(first, video.num_frames - 1)
        return first, max(first + 1, min(last, video.num_frames))
