"""Choose which frames of a video make a clip."""

import numpy as np
from mmcv.transforms import BaseTransform

from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import DataError
from mmavssl.utils.ranges import check_counts, check_range

MODES = ('random', 'uniform', 'segments')
SPREADS = ('steps', 'ends')
SEGMENT_MODES = ('random', 'center')


@TRANSFORMS.register_module()
class SampleClip(BaseTransform):
    """Choose ``clip_len`` frames at equal steps of time, from a random or from fixed places.

    The span is ``clip_len * frame_interval`` frames at ``target_fps``, in seconds, whatever the
    frame rate of the file (SVFormer: 8 frames, every 8th at 30 fps), constant or not: at each step
    the clip has the frame that is shown then. A video shorter than the span gives its frames in
    order, the last one repeated.

    Adds ``frame_inds`` (K, T) and ``clip_times`` (K, 2), begin and end of each clip in seconds
    from the first frame of the file.

    Args:
        clip_len: frames T of a clip.
        frame_interval: step between them, in frames at ``target_fps``.
        num_clips: clips K.
        mode: ``random``: begin uniformly distributed; ``uniform``: begins at equal steps from the
            first to the last possible one (one clip: the middle); ``segments``: begins at 0, 1/K,
            2/K, ... of the way to the last possible one, as SVFormer's code tests.
        spread: ``steps``: frames at equal steps, each at the begin of its part of the span;
            ``ends``: the first frame at the begin of the span and the last one at its end, as
            SVFormer's code has it (every 9th instead of every 8th at 30 fps).
        target_fps: frame rate in which ``frame_interval`` counts; None: that of the file.
    """

    #: Of all views, before one of them is loaded (see `MultiView`).
    only_chooses = True

    def __init__(
        self,
        clip_len: int = 8,
        frame_interval: int = 8,
        num_clips: int = 1,
        mode: str = 'random',
        target_fps: float | None = 30,
        spread: str = 'steps',
    ) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval, num_clips=num_clips)
        if mode not in MODES:
            raise ValueError(f'Expected `mode` to be one of {MODES}, but got {mode!r}.')
        if spread not in SPREADS:
            raise ValueError(f'Expected `spread` to be one of {SPREADS}, but got {spread!r}.')
        if target_fps is not None:
            check_range('target_fps', target_fps, above=0)
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.num_clips = num_clips
        self.mode = mode
        self.target_fps = target_fps
        self.spread = spread

    def transform(self, results: dict) -> dict:
        """Choose the frames.

        Raises:
            DataError: the video ends before the part that the list names.
        """
        clock = results['video_file'].clock
        first, last = part_of_file(results, clock)
        step = self.frame_interval / (self.target_fps or clock.fps)
        span = self.clip_len * step
        begins = first + self._offsets(max(last - first - span, 0.0))
        moments = begins[:, None] + self._moments(span, 1 / clock.fps)
        results['frame_inds'] = np.minimum(clock.index_at(moments), clock.last_before(last))
        results['clip_times'] = np.stack([begins, begins + span], axis=1)
        results['video_file'].request(results['frame_inds'])
        return results

    def _moments(self, span: float, frame: float) -> np.ndarray:
        if self.spread == 'steps':
            return np.arange(self.clip_len) * (span / self.clip_len)
        return np.linspace(0, max(span - frame, 0.0), self.clip_len)

    def _offsets(self, slack: float) -> np.ndarray:
        if self.mode == 'random':
            return np.random.uniform(0, slack, self.num_clips)
        if self.mode == 'segments':
            return np.arange(self.num_clips) * (slack / self.num_clips)
        if self.num_clips == 1:
            return np.array([slack / 2])
        return np.linspace(0, slack, self.num_clips)


@TRANSFORMS.register_module()
class SampleSegments(BaseTransform):
    """Choose one frame from each of ``clip_len`` equal segments of the video (TSN, TCL).

    The frames of a clip then cover all of the video, however long it is. Adds ``frame_inds``
    (1, T) and ``clip_times`` (1, 2), begin and end of the video, or of the part that the list
    names, in seconds.

    Args:
        clip_len: segments, and frames T of the clip.
        mode: ``random``: each frame uniformly from its segment; ``center``: from its middle.
    """

    only_chooses = True

    def __init__(self, clip_len: int = 8, mode: str = 'random') -> None:
        check_counts(clip_len=clip_len)
        if mode not in SEGMENT_MODES:
            raise ValueError(f'Expected `mode` to be one of {SEGMENT_MODES}, but got {mode!r}.')
        self.clip_len = clip_len
        self.mode = mode

    def transform(self, results: dict) -> dict:
        """Choose the frames.

        Raises:
            DataError: the video ends before the part that the list names.
        """
        clock = results['video_file'].clock
        first, last = part_of_file(results, clock)
        offsets = np.full(self.clip_len, 0.5)
        if self.mode == 'random':
            offsets = np.random.uniform(size=self.clip_len)
        moments = first + (np.arange(self.clip_len) + offsets) * (last - first) / self.clip_len
        results['frame_inds'] = np.minimum(clock.index_at(moments), clock.last_before(last))[None]
        results['clip_times'] = np.array([[first, last]])
        results['video_file'].request(results['frame_inds'])
        return results


def part_of_file(results: dict, clock: FrameClock) -> tuple[float, float]:
    """Return begin and end, in seconds, of the part of a file that its list names; else of all.

    Raises:
        DataError: the video ends before that part.
    """
    first, end = results.get('start') or 0.0, results.get('end')
    last = clock.duration if end is None else min(end, clock.duration)
    if not 0 <= first < last:
        until = 'the end' if end is None else f'{end} s'
        raise DataError(
            f'{results.get("video_path", "The video")} lasts {clock.duration:.2f} s, but the '
            f'list names its part from {first} s to {until}. Correct `start` and `end`.'
        )
    return first, last
