"""Sound of video and sound files by PyAV."""

from collections.abc import Iterator

import av
import numpy as np
from av.audio.frame import AudioFrame

from mmavssl.datasets.transforms.media import (
    PacketTally,
    decode_packets,
    media_errors,
    open_container,
    promised_packets,
)
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError

# A hole in the sound is filled with silence if it is longer than what time stamps are rounded by,
# and short enough to be no mistake (seconds).
MIN_GAP, MAX_GAP = 0.05, 60.0
# Up to this share of the sound may be missing or damaged.
MAX_DAMAGED = 0.5
# Mixing channels to floats, FFmpeg does not normalize: two equal channels come out 3 dB louder
# than one. To integers it does.
SAMPLE_FORMAT, FULL_SCALE = 's32', 2.0**31


class AudioFile:
    """The whole sound of a file as a 16 kHz mono waveform, on the file's own clock.

    Decoding it once serves all views of the sample, and needs no seeking, which is inexact for
    compressed sound. What encoders put before the first sample (priming) is left out by FFmpeg.

    Args:
        path: of a video or sound file.

    Raises:
        DataError: missing, empty or undecodable file, or one whose sound is mostly damaged.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        joined, tally, promised = WaveformJoiner(), PacketTally(), 0
        with media_errors(path, 'sound'), open_container(path, 'sound') as container:
            stream = container.streams.best('audio')
            if stream is not None:
                promised = promised_packets(container, stream)
                for frame in decode_packets(container, stream, tally):
                    joined.add(frame)
        #: Mono at 16 kHz, float32.
        self.waveform = joined.finish()
        #: Time of its first sample on the file's clock.
        self.start_time = joined.start_time or 0.0
        #: What is wrong with it, where that is no reason to give up.
        self.faults = list(self._faults(tally, promised))

    def _faults(self, tally: PacketTally, promised: int) -> Iterator[str]:
        whole = max(tally.read, promised)
        lost = whole - tally.read + tally.damaged
        if lost > MAX_DAMAGED * whole:
            raise DataError(
                f'{self.path}: {lost} of {whole} packets of its sound are missing or cannot be '
                'decoded. Fetch or convert the file again.'
            )
        if tally.damaged:
            yield (
                f'{tally.damaged} packets of its sound ({tally.lost_seconds:.2f} s) are lost and '
                'become silence'
            )
        if tally.read < promised:
            yield f'its sound ends after {tally.read} of {promised} packets'

    @property
    def has_audio(self) -> bool:
        """Whether the file has a sound track with at least one sample."""
        return len(self.waveform) > 0

    def window(self, start: float, seconds: float) -> np.ndarray:
        """Return the samples of ``[start, start + seconds)`` on the file's clock.

        Where the sound begins later or ends earlier, there is silence (zeros).
        """
        length = round(seconds * SAMPLE_RATE)
        first = round((start - self.start_time) * SAMPLE_RATE)
        window = np.zeros(length, np.float32)
        begin, end = max(first, 0), min(first + length, len(self.waveform))
        if begin < end:
            window[begin - first : end - first] = self.waveform[begin:end]
        return window


class WaveformJoiner:
    """Join decoded frames to one waveform, so that each stands at its own time.

    Holes, as lost or damaged packets leave them, become silence; where frames overlap, the later
    ones count. The format may change midway.
    """

    def __init__(self) -> None:
        #: Time of the first sample on the file's clock, None before `finish`, or without sound.
        self.start_time: float | None = None
        self._clock = 0.0  # end of what was added, seconds
        self._jumps = 0.0  # sum of those that are mistakes, seconds
        self._format: tuple | None = None
        self._resampler: av.AudioResampler | None = None
        # Stretches without holes: when each begins, and its parts.
        self._stretches: list[tuple[float, list[np.ndarray]]] = []

    def add(self, frame: AudioFrame) -> None:
        """Append a frame."""
        time = self._clock if frame.time is None else float(frame.time) - self._jumps
        if self._stretches and abs(time - self._clock) > MAX_GAP:
            self._jumps += time - self._clock
            time = self._clock
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._format or abs(time - self._clock) > MIN_GAP:
            self._flush()
            self._resampler = av.AudioResampler(SAMPLE_FORMAT, 'mono', SAMPLE_RATE)
            self._format = form
            self._stretches.append((time, []))
            self._clock = time
        self._clock += frame.samples / frame.sample_rate
        self._resample(frame)

    def finish(self) -> np.ndarray:
        """Return the waveform (S,), float32."""
        self._flush()
        if not self._stretches:
            return np.zeros(0, np.float32)
        self.start_time = min(time for time, _ in self._stretches)
        pieces = [
            (round((time - self.start_time) * SAMPLE_RATE), np.concatenate(parts))
            for time, parts in self._stretches
            if parts
        ]
        waveform = np.zeros(max((at + len(piece) for at, piece in pieces), default=0), np.float32)
        for at, piece in pieces:
            waveform[at : at + len(piece)] = piece
        return waveform

    def _flush(self) -> None:
        if self._resampler is not None:
            self._resample(None)
            self._resampler = None

    def _resample(self, frame: AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            samples = resampled.to_ndarray().reshape(-1)
            self._stretches[-1][1].append((samples / FULL_SCALE).astype(np.float32))
