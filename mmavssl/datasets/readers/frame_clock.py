"""Times of the frames of a video."""

from collections.abc import Sequence

import numpy as np

# Rounding of times that ought to be equal.
TOLERANCE = 1e-6


class FrameClock:
    """When each frame of a video is shown, in seconds from the first one.

    Times that differ from a constant rate by less than half a frame are taken as that rate: some
    formats round them to milliseconds. Files without usable times get the rate as well.

    Args:
        stamps: times on the file's clock in the order of display, or None where unknown.
        rate: frames a second by the file's header; 0 where unknown.

    Raises:
        ValueError: no frame, or neither times nor rate.
    """

    def __init__(self, stamps: Sequence[float | None], rate: float) -> None:
        if not stamps:
            raise ValueError('there is no frame in it')
        self.num_frames = len(stamps)
        known = np.array([np.nan if stamp is None else stamp for stamp in stamps])
        usable = bool(np.isfinite(known).all() and (np.diff(known) > 0).all())
        #: Time of the first frame on the file's clock.
        self.start_time = float(known[0]) if usable else 0.0
        times = known - self.start_time
        mean_rate = (self.num_frames - 1) / times[-1] if usable and self.num_frames > 1 else 0.0
        if not (np.isfinite(rate) and rate > 0):
            rate = mean_rate
        if not rate:
            raise ValueError('it has neither a frame rate nor times of its frames')
        constant = np.arange(self.num_frames) / rate
        if usable and np.abs(times - constant).max() > 0.5 / rate:
            rate = mean_rate
        else:
            times = constant
        self.times = times
        self.fps = float(rate)
        self.duration = float(times[-1]) + 1 / self.fps

    def index_at(self, seconds: np.ndarray) -> np.ndarray:
        """Return the frames shown at times of any shape; after the end, the last one."""
        shown = np.searchsorted(self.times, np.asarray(seconds) + TOLERANCE, side='right') - 1
        return np.clip(shown, 0, self.num_frames - 1)

    def last_before(self, seconds: float) -> int:
        """Return the last frame that begins before a time."""
        return max(int(np.searchsorted(self.times, seconds - TOLERANCE)) - 1, 0)
