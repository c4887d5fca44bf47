"""Decoded frames of sound, joined to one waveform of one sample rate."""

from math import ceil, gcd

import av
import numpy as np
from av.audio.frame import AudioFrame

from mmavssl.datasets.readers.media import MAX_SOUND_SECONDS
from mmavssl.structures.audio_front_end import SAMPLE_RATE

# A hole in the sound is filled with silence if it is longer than what time stamps are rounded by,
# and short enough to be no mistake (seconds).
MIN_GAP, MAX_GAP = 0.05, 60.0
# Mixing channels to floats, FFmpeg does not normalize: two equal channels come out 3 dB louder
# than one. To integers it does.
SAMPLE_FORMAT, FULL_SCALE = 's32', 2.0**31
# Samples that are resampled in one call: it costs as much as hundreds of them, but large blocks
# cost more, as their memory comes afresh from the system each time.
BLOCK = 2**14


class Stretch:
    """Frames of one format without a hole.

    Its samples stand at whole multiples of 1/``sample_rate`` s of the file's clock, so that a part
    of a file that is decoded alone has the samples of the whole.

    Args:
        first: the first frame; its samples are not added yet.
        time: when it begins (seconds).
        sample_rate: of the samples, in Hz.
    """

    def __init__(self, first: AudioFrame, time: float, sample_rate: int) -> None:
        rate = first.sample_rate
        self.format = format_of(first)
        self._fifo = av.AudioFifo()
        self._resampler = av.AudioResampler(SAMPLE_FORMAT, 'mono', sample_rate)
        self._parts: list[np.ndarray] = []
        # Silence goes before, from a moment that both rates have a sample at.
        number = round(time * rate)
        lead = number % (rate // gcd(rate, sample_rate))
        self._num_lead = ceil(lead * sample_rate / rate)
        #: Number of its first sample, counted from the zero of the file's clock.
        self.begin = (number - lead) * sample_rate // rate + self._num_lead
        if lead:
            self._fifo.write(silence_like(first, lead))

    def add(self, frame: AudioFrame) -> None:
        """Append a frame."""
        frame.pts = None  # the buffer would compare it with what went before
        self._fifo.write(frame)
        if self._fifo.samples >= BLOCK:
            self._resample()

    def finish(self) -> np.ndarray:
        """Return the samples (S,), float32."""
        self._resample()
        self._collect(None)
        return np.concatenate(self._parts)[self._num_lead :]

    def _resample(self) -> None:
        waiting = self._fifo.read()
        if waiting is not None:
            self._collect(waiting)

    def _collect(self, frame: AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            samples = resampled.to_ndarray().reshape(-1)
            self._parts.append((samples / FULL_SCALE).astype(np.float32))


class WaveformJoiner:
    """Join decoded frames to one waveform, so that each stands at its own time.

    Holes, as lost or damaged packets leave them, become silence; where frames overlap, the later
    ones count. The format may change midway.

    Args:
        sample_rate: of the waveform, in Hz.
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        self.sample_rate = sample_rate
        #: Number of the first sample, counted from the zero of the file's clock, after `finish`.
        self.begin = 0
        self._clock = 0.0  # end of what was added, seconds
        self._jumps = 0.0  # sum of those that are mistakes, seconds
        self._stretches: list[Stretch] = []

    def add(self, frame: AudioFrame) -> None:
        """Append a frame.

        Raises:
            ValueError: more sound than memory is spent on.
        """
        time = self._clock if frame.pts is None else frame.time - self._jumps
        if self._stretches and abs(time - self._clock) > MAX_GAP:
            self._jumps += time - self._clock
            time = self._clock
        if not self._continues(frame, time):
            self._stretches.append(Stretch(frame, time, self.sample_rate))
            self._clock = time
        self._clock += frame.samples / frame.sample_rate
        self._stretches[-1].add(frame)
        seconds = self._clock - self._stretches[0].begin / self.sample_rate
        if seconds > MAX_SOUND_SECONDS:
            raise ValueError(f'it has more than {MAX_SOUND_SECONDS:.0f} s of sound to decode')

    def finish(self) -> np.ndarray:
        """Return the waveform (S,), float32."""
        pieces = [(stretch.begin, stretch.finish()) for stretch in self._stretches]
        self.begin = min((begin for begin, _ in pieces), default=0)
        end = max((begin + len(piece) for begin, piece in pieces), default=0)
        waveform = np.zeros(end - self.begin, np.float32)
        for begin, piece in pieces:
            waveform[begin - self.begin :][: len(piece)] = piece
        return waveform

    def _continues(self, frame: AudioFrame, time: float) -> bool:
        if not self._stretches or abs(time - self._clock) > MIN_GAP:
            return False
        return format_of(frame) == self._stretches[-1].format


def format_of(frame: AudioFrame) -> tuple[str, str, int]:
    """Return what frames of one stretch share."""
    return frame.format.name, frame.layout.name, frame.sample_rate


def silence_like(frame: AudioFrame, num_samples: int) -> AudioFrame:
    """Return a frame of silence in the format of another."""
    like = frame.to_ndarray()
    width = num_samples if frame.format.is_planar else num_samples * len(frame.layout.channels)
    zeros = np.full((len(like), width), 128 if like.dtype == np.uint8 else 0, like.dtype)
    silence = AudioFrame.from_ndarray(zeros, frame.format, frame.layout)
    silence.sample_rate = frame.sample_rate
    return silence
