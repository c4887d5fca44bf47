"""Videos of predictions: which files they become, and what is shown in them."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import numpy as np
import torch
from torchaudio.functional import resample

from mmavssl.apis.inference_inputs import ClipInput
from mmavssl.apis.predictions import part_in_words
from mmavssl.datasets.readers.storage import is_remote
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.datasets.transforms.kaldi_fbank import LENGTH, STEP, kaldi_fbank
from mmavssl.datasets.transforms.sampling import part_of_file
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import ConfigError
from mmavssl.visualization.prediction_video import PlayedPrediction, drawn_size

NUM_MEL_BINS = 64
MAX_BYTES = 2**27  # of the frames that are decoded at a time
LONGEST = 200  # bytes of a name; file systems take 255, with a number and a suffix
PIECE = 6000  # frames of a log-mel that are computed at a time


def video_files(folder: str | Path, clips: Sequence[ClipInput]) -> list[Path]:
    """Return a file in the folder for each input; names that are there already get a number.

    Args:
        folder: of the videos.
        clips: the inputs.

    Raises:
        ConfigError: one of them is an input.
    """
    taken: set[str] = set()
    used: Counter[str] = Counter()  # numbers of each name, so that none is tried twice
    files = []
    for clip in clips:
        stem = name = stem_of(clip)
        while name.lower() in taken:
            used[stem.lower()] += 1
            name = f'{stem}_{used[stem.lower()] + 1}'
        taken.add(name.lower())
        files.append(Path(folder, f'{name}.mp4'))
    own = set()
    for place in (place for clip in clips for place in clip.files):
        with suppress(ValueError):  # of a name that no file can have
            own.add(os.path.realpath(place))
    overwritten = next((file for file in files if os.path.realpath(file) in own), None)
    if overwritten:
        raise ConfigError(
            f'{overwritten} is one of the files to predict, which would be overwritten. Name '
            'another folder (`out_dir`, --out-dir).'
        )
    return files


def stem_of(clip: ClipInput) -> str:
    """Return the name of an input without folders and suffix, cut where no file's can be longer.

    >>> stem_of(ClipInput('a/my clip.avi')), stem_of(ClipInput('http://host/a%20b.mp4?key=1'))
    ('my clip', 'a b')
    """
    path = unquote(urlsplit(clip.path).path) if is_remote(clip.path) else clip.path
    stem = PurePosixPath(path).stem.replace('\0', '')  # a URL may have one, as `%00`
    encoded = os.fsencode(stem)
    if len(encoded) > LONGEST:
        stem = encoded[:LONGEST].decode(errors='ignore')
    return stem or 'video'


def played_prediction(
    results: dict,
    top: Sequence[tuple[str, float]],
    maps: tuple[np.ndarray, np.ndarray] | None = None,
) -> PlayedPrediction:
    """Return what is shown of an input, of which a list may name a part.

    Args:
        results: of the transform that opens it, with its sound if it has some.
        top: names and probabilities of the likeliest classes.
        maps: of `SoundMaps`, or None.

    Raises:
        DataError: the file cannot be read; as well when the frames are taken.
    """
    video = results['video_file']
    begin, end = part_of_file(results, video.clock)
    shown = range(int(video.clock.index_at(begin)), video.clock.last_before(end) + 1)
    part = part_in_words(results.get('start'), results.get('end'))
    sound = sound_of(results, begin, end)
    return PlayedPrediction(
        title=f'{Path(results["video_path"]).name}{part}',
        frames=frames_of(video, shown),
        times=np.maximum(video.clock.times[shown] - begin, 0),
        duration=end - begin,
        top=top,
        sound=sound,
        logmel=None if sound is None else logmel_of(sound),
        maps=None if maps is None else maps[0],
        map_times=None if maps is None else np.maximum(maps[1] - begin, 0),
    )


def frames_of(video: VideoFile, shown: range) -> Iterator[np.ndarray]:
    """Yield frames (H, W, 3), of which few are in memory at a time.

    Those that one pass decodes come no larger than they are drawn.
    """
    played = 0
    for frame in video.play(shown, size_to_read):
        yield frame
        played += 1
    if played < len(shown):  # the last one once more: it may stand in for the first of the others
        again = min(played, 1)
        yield from islice(in_portions(video, shown[played - again :]), again, None)


def in_portions(video: VideoFile, shown: range) -> Iterator[np.ndarray]:
    """Yield frames (H, W, 3) at their own size, as many at a time as fit into `MAX_BYTES`."""
    portion = max(MAX_BYTES // video.frames(np.array(shown[:1]))[0].nbytes, 1)
    for first in range(0, len(shown), portion):
        yield from video.frames(np.array(shown[first : first + portion]))


def size_to_read(height: int, width: int) -> tuple[int, int]:
    """Return the size at which frames are drawn; small ones are enlarged when they are.

    >>> size_to_read(720, 1280), size_to_read(120, 160)
    ((288, 512), (120, 160))
    """
    drawn = drawn_size(height, width)
    return drawn if drawn[0] < height else (height, width)


def sound_of(results: dict, begin: float, end: float) -> np.ndarray | None:
    """Return the sound (S,) at 16 kHz of a part in seconds from the first frame, None for none."""
    file = results.get('audio_file')
    if file is None:
        return None
    sound = file.window(results['audio_origin'] + begin, end - begin)
    if file.sample_rate != SAMPLE_RATE:
        sound = resample(torch.from_numpy(sound), file.sample_rate, SAMPLE_RATE).numpy()
    return sound if len(sound) >= LENGTH else None


def logmel_of(sound: np.ndarray) -> np.ndarray:
    """Return the log-mel (T_a, F) of a sound (S,) of any length."""
    count = 1 + (len(sound) - LENGTH) // STEP
    return np.concatenate(
        [
            kaldi_fbank(sound[first * STEP :][: (PIECE - 1) * STEP + LENGTH], NUM_MEL_BINS)
            for first in range(0, count, PIECE)
        ]
    )
