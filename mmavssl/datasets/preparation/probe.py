"""What a video file holds, found by reading it the way training does."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmavssl.datasets.readers.media import PacketTally, decode_packets, media_errors
from mmavssl.datasets.readers.media_file import MediaFile, Track
from mmavssl.datasets.readers.stills_file import StillsFile, is_stills
from mmavssl.datasets.readers.video_file import MAX_DAMAGED, VideoFile
from mmavssl.utils.errors import DataError

SOUND_SUFFIXES = ('.flac', '.m4a', '.mp3', '.ogg', '.wav')


@dataclass(frozen=True)
class Probe:
    """What was found in one file, or folder of pictures; a row of ``probe.csv``.

    Args:
        path: relative to the folder of the videos, with slashes.
        bytes: size of the file.
        mtime_ns: when it was changed, which with the size says whether the row still holds.
        decoded: whether all of it was decoded, or the first frame and the first sound only.
        duration: of the picture, in seconds.
        frames: that are shown.
        fps: frames a second, on average.
        width: of the picture.
        height: of the picture.
        video_codec: of the picture.
        audio_codec: of the sound; empty without a sound track.
        sample_rate: of the sound, in Hz.
        channels: of the sound.
        audio_duration: of the sound, in seconds.
        faults: what is damaged, where that is no reason to give up.
        sound_problem: why the sound cannot be used; empty if it can.
        problem: why the file cannot be used; empty if it can.
    """

    path: str
    bytes: int
    mtime_ns: int
    decoded: bool = False
    duration: float = 0.0
    frames: int = 0
    fps: float = 0.0
    width: int = 0
    height: int = 0
    video_codec: str = ''
    audio_codec: str = ''
    sample_rate: int = 0
    channels: int = 0
    audio_duration: float = 0.0
    faults: str = ''
    sound_problem: str = ''
    problem: str = ''


def probe_file(root: str, path: str, decode: bool = False) -> Probe:
    """Read a file: all packets, the first frame and the first sound; or a folder's first picture.

    Args:
        root: folder of the videos.
        path: of the file or folder, relative to it.
        decode: all of it.
    """
    file = Path(root, path)
    try:
        stat = file.stat()
        found: dict[str, Any] = dict(bytes=stat.st_size, mtime_ns=stat.st_mtime_ns)
    except OSError as error:
        return Probe(path, 0, 0, problem=f'cannot be opened: {error.strerror}')
    try:
        found.update(_probe(str(file), decode))
    except DataError as error:
        found['problem'] = _about(file, error)
    return Probe(path, decoded=decode, **found)


def _probe(file: str, decode: bool) -> dict[str, Any]:
    if is_stills(file):
        return _stills(StillsFile(file), decode)
    if file.lower().endswith(SOUND_SUFFIXES):
        return _sound_file(file, decode)
    sound_problem = ''
    try:
        media = MediaFile(file)
    except DataError as error:  # for the video-only methods, the sound may be unreadable
        media, sound_problem = MediaFile(file, kinds=['video']), _about(file, error)
    try:
        facts, faults = _picture(media, decode)
        if not sound_problem:
            facts.update(_sound(media, decode, faults))
        return {'sound_problem': sound_problem, 'faults': '; '.join(faults), **facts}
    finally:
        media.close()


def _stills(stills: StillsFile, decode: bool) -> dict[str, Any]:
    for index in range(stills.num_frames if decode else 1):
        height, width = stills.frames(np.array([index])).shape[1:3]
    return dict(frames=stills.num_frames, width=width, height=height)


def _sound_file(file: str, decode: bool) -> dict[str, Any]:
    media, faults = MediaFile(file, kinds=['audio']), []
    try:
        return {**_sound(media, decode, faults), 'faults': '; '.join(faults)}
    finally:
        media.close()


def _about(file: str | Path, error: DataError) -> str:
    return str(error).removeprefix(str(file)).lstrip(': /')


def _picture(media: MediaFile, decode: bool) -> tuple[dict[str, Any], list[str]]:
    video = VideoFile(media)
    video.frames(np.zeros(1, int))
    stream, faults = media.video.stream, list(video.faults)
    facts = dict(
        duration=round(video.clock.duration, 3), frames=video.num_frames, fps=round(video.fps, 3),
        width=stream.width, height=stream.height, video_codec=stream.codec.canonical_name,
    )  # fmt: skip
    if decode:
        with media_errors(media.path, 'video'):
            tally = _decode_all(media, media.video, 'video')
        if tally.damaged:
            faults.append(f'{tally.damaged} of {tally.read} frames cannot be decoded')
    return facts, faults


def _sound(media: MediaFile, decode: bool, faults: list[str]) -> dict[str, Any]:
    track = media.audio
    if track is None:
        return dict(sound_problem='has no sound track')
    stream = track.stream
    facts = dict(
        audio_codec=stream.codec.canonical_name, sample_rate=stream.rate, channels=stream.channels
    )
    try:
        with media_errors(media.path, 'sound'):
            facts['audio_duration'] = round(_seconds(media, track), 3)
            tally = _decode_all(media, track, 'sound') if decode else PacketTally()
    except DataError as error:
        return dict(facts, sound_problem=_about(media.path, error))
    if not facts['audio_duration']:
        facts['sound_problem'] = 'its sound track is empty'
    if tally.damaged:
        faults.append(f'{tally.damaged} of {tally.read} packets of sound cannot be decoded')
    return facts


def _seconds(media: MediaFile, track: Track) -> float:
    """Return how long the sound is by the times of its packets, the first of which are decoded."""
    promised = media.promised(track)
    if track.count < promised * (1 - MAX_DAMAGED):
        raise DataError(
            f'{media.path}: its sound ends after {track.count} of {promised} packets. Fetch it '
            'again.'
        )
    first = next(decode_packets(media.packets(track), PacketTally()), None)
    if first is None:
        return 0.0
    length = first.samples / first.sample_rate
    if None in track.pts:
        return track.count * length
    return float((max(track.pts) - min(track.pts)) * track.stream.time_base) + length


def _decode_all(media: MediaFile, track: Track, what: str) -> PacketTally:
    tally = PacketTally()
    for _ in decode_packets(media.packets(track), tally):
        pass
    if tally.damaged > MAX_DAMAGED * tally.read:
        raise DataError(
            f'{media.path}: {tally.damaged} of {tally.read} packets of its {what} cannot be '
            'decoded. Fetch or convert the file again.'
        )
    return tally
