"""Sound of video and sound files."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from av.packet import Packet

from mmavssl.datasets.readers.media import (
    PacketTally,
    check_sample_rate,
    decode_packets,
    media_errors,
)
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.waveform_joiner import MAX_GAP, WaveformJoiner
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import DataError

# Up to this share of the sound may be missing or damaged.
MAX_DAMAGED = 0.5
# A track of so few packets may have nothing but what encoders put before the first sample.
MAX_PRIMING = 4
# Seconds that are decoded before a window, for decoders that refer to packets before (MP3: 0.3 s),
# and after it, for the filter of the resampler.
BEFORE, AFTER = 0.5, 0.1


class AudioFile:
    """The sound of an open file as a mono waveform, on the file's own clock.

    Only the packets of the windows that are asked for are decoded, unless `waveform` was asked for
    before. What encoders put before the first sample (priming) is left out by FFmpeg.

    Args:
        media: the file, or its path.
        sample_rate: of the waveform, in Hz; whatever the file has is resampled.

    Raises:
        DataError: missing, empty or unreadable file, or less than half of its sound.
    """

    def __init__(self, media: MediaFile | str, sample_rate: int = SAMPLE_RATE) -> None:
        self.sample_rate = sample_rate
        self.media = media if isinstance(media, MediaFile) else MediaFile(media, kinds=['audio'])
        self.path = self.media.path
        #: What is wrong with it, where that is no reason to give up.
        self.faults: list[str] = []
        self._whole: tuple[int, np.ndarray] | None = None
        self._unit, self._times = 1.0, None
        if self.media.audio is not None:
            self._unit = float(self.media.audio.stream.time_base)
            self._times = self._packet_times(self.media.audio.pts)
            self._check_length()

    @property
    def has_audio(self) -> bool:
        """Whether the file has a sound track with content."""
        count = self._count
        return len(self.waveform) > 0 if 0 < count <= MAX_PRIMING else count > 0

    @property
    def _count(self) -> int:
        """Number of packets."""
        return 0 if self.media.audio is None else self.media.audio.count

    @property
    def waveform(self) -> np.ndarray:
        """All of it (S,), float32."""
        return self._decode_whole()[1]

    @property
    def start_time(self) -> float:
        """Time of the first sample on the file's clock; 0 without sound."""
        if self._whole is None and self._times is not None:
            return self._decode(end=self._times[0] + AFTER)[0] / self.sample_rate
        return self._decode_whole()[0] / self.sample_rate

    def decode_all(self) -> None:
        """Decode all of it, to cut windows out of it from then on."""
        self._decode_whole()

    def window(self, start: float, seconds: float) -> np.ndarray:
        """Return the samples (S,) of ``[start, start + seconds)`` on the file's clock.

        Where the sound begins later or ends earlier, there is silence (zeros).

        Raises:
            DataError: more than half of the sound there is damaged.
        """
        return self.windows([start], seconds)[0]

    def windows(self, starts: Sequence[float], seconds: float) -> np.ndarray:
        """Return windows (K, S) that begin at several times; see `window`."""
        length = round(seconds * self.sample_rate)
        windows = np.zeros((len(starts), length), np.float32)
        for group in neighbours(starts, seconds + BEFORE):
            begin, samples = self._samples(starts[group[0]], starts[group[-1]] + seconds)
            for index in group:
                first = round(starts[index] * self.sample_rate) - begin
                part = samples[max(first, 0) : max(first + length, 0)]
                windows[index, max(-first, 0) :][: len(part)] = part
        return windows

    def _samples(self, begin: float, end: float) -> tuple[int, np.ndarray]:
        """Return the samples of a span and some around it, and the number of the first one."""
        if self._whole is not None or self._times is None:
            return self._decode_whole()
        first = int(np.searchsorted(self._times, begin - BEFORE, side='right')) - 1
        return self._decode(max(first, 0), end + AFTER, needed_from=begin)

    def _decode_whole(self) -> tuple[int, np.ndarray]:
        if self._whole is None:
            self._whole = self._decode()
        return self._whole

    def _decode(
        self, first: int = 0, end: float = np.inf, needed_from: float = -np.inf
    ) -> tuple[int, np.ndarray]:
        """Decode a part, and return the number of the first sample and the samples.

        Args:
            first: number of the first packet.
            end: time after the last one (seconds).
            needed_from: damage before this time is of no interest (seconds).
        """
        joiner = WaveformJoiner(self.sample_rate)
        tally = PacketTally(since=needed_from / self._unit)
        if self._count:
            with media_errors(self.path, 'sound'):
                packets = self.media.packets(self.media.audio, first)
                for frame in decode_packets(until(packets, end / self._unit), tally):
                    check_sample_rate(self.path, frame.sample_rate)
                    joiner.add(frame)
            self._note_damage(tally)
        with media_errors(self.path, 'sound'):
            samples = joiner.finish()
        return joiner.begin, samples

    def _packet_times(self, pts: Sequence[int | None]) -> np.ndarray | None:
        """Return the times of the packets (seconds), or None where they tell nothing."""
        if None in pts or len(pts) == 0:
            return None
        times = np.array(pts) * self._unit
        steps = np.diff(times)
        return times if ((steps >= 0) & (steps < MAX_GAP)).all() else None

    def _check_length(self) -> None:
        track = self.media.audio
        promised = self.media.promised(track)
        self._check_loss(promised - track.count, promised)
        if track.count < promised:
            self.faults.append(f'its sound ends after {track.count} of {promised} packets')

    def _note_damage(self, tally: PacketTally) -> None:
        self._check_loss(tally.damaged, tally.read)
        if tally.damaged:
            self.faults.append(
                f'{tally.damaged} packets of its sound ({tally.lost_seconds:.2f} s) are lost and '
                'become silence'
            )

    def _check_loss(self, lost: int, whole: int) -> None:
        if lost > MAX_DAMAGED * whole:
            raise DataError(
                f'{self.path}: {lost} of {whole} packets of its sound are missing or cannot be '
                'decoded. Fetch or convert the file again.'
            )


def until(packets: Iterable[Packet], end: float) -> Iterator[Packet]:
    """Yield packets before a time (in their units), and those without a time among them."""
    for packet in packets:
        if packet.pts is not None and packet.pts >= end:
            return
        yield packet


def neighbours(starts: Sequence[float], distance: float) -> Iterator[list[int]]:
    """Yield groups of indices in the order of time, each start near the one before.

    >>> list(neighbours([5.0, 0.0, 1.0], 2.0))
    [[1, 2], [0]]
    """
    group: list[int] = []
    for index in sorted(range(len(starts)), key=starts.__getitem__):
        if group and starts[index] - starts[group[-1]] > distance:
            yield group
            group = []
        group.append(index)
    if group:
        yield group
