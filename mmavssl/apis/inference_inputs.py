"""What is predicted: files, URLs, folders, lists and arrays, and how each becomes clips."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.logging import print_log

from mmavssl.apis.input_lists import clips_of_list, is_list
from mmavssl.apis.input_places import list_storage, local_path
from mmavssl.datasets.preparation.file_tree import VIDEO_SUFFIXES, list_files
from mmavssl.datasets.readers.array_files import ArrayAudio, ArrayVideo
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.stills_file import StillsFile
from mmavssl.datasets.readers.storage import fetch, is_remote
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.datasets.transforms import OpenAVFile
from mmavssl.utils.errors import ConfigError, DataError

#: What arrays are given by.
ARRAY_KEYS = ('video', 'fps', 'audio', 'sample_rate', 'path')


class ClipInput(NamedTuple):
    """One video, or a part of one.

    Attributes:
        path: of the file, or what messages call arrays.
        arrays: ``video``, ``fps``, ``audio`` and ``sample_rate``; None for a file.
        is_named: by the user, and not found in a folder or a list.
        start: begin of the part, in seconds; None: of the file.
        end: end of the part, in seconds; None: of the file.
        audio_path: file of the sound; None: the video.
    """

    path: str
    arrays: Mapping[str, Any] | None = None
    is_named: bool = True
    start: float | None = None
    end: float | None = None
    audio_path: str | None = None

    @property
    def part(self) -> dict[str, Any]:
        """What a list says beside the path: those of start, end and audio_path that it has."""
        found = {'start': self.start, 'end': self.end, 'audio_path': self.audio_path}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def files(self) -> set[str]:
        """Those it is read from; none for arrays."""
        named = {self.path, self.audio_path or self.path}
        return named if self.arrays is None else set()


def list_inputs(inputs: Any, data_root: str | Path | None = None) -> list[ClipInput]:
    """Return the videos of what a user gives.

    Args:
        inputs: a path or URL, a folder (videos below it, by their suffixes, in the order of their
            names), a list as of training (``*.csv``, see `clips_of_list`), arrays, or a sequence
            of these. Arrays are ``dict(video=uint8 (T, H, W, 3), fps=..., audio=float (S,),
            sample_rate=...)``, without the last two for no sound; ``path`` gives them a name.
        data_root: folder or URI that the paths of lists are relative to; None: see
            `clips_of_list`.

    Raises:
        ConfigError: ``data_root`` without a list.
        DataError: something else, a folder without videos, or a fault in a list.
    """
    items = inputs if isinstance(inputs, list | tuple) else [inputs]
    if data_root is not None and not any(map(_is_list, items)):
        raise ConfigError(
            '`data_root` (--data-root) is what the paths of a list (*.csv) are relative to, but '
            'there is none among the inputs. Leave it out.'
        )
    found: list[ClipInput] = []
    for item in items:
        if isinstance(item, ClipInput):
            found.append(item)
        elif isinstance(item, Mapping):
            found.append(_named_arrays(item, len(found)))
        elif _is_list(item):
            found += _rows(local_path(str(item)), data_root)
        elif isinstance(item, str) and not item:
            raise DataError('A path is empty, and would be the folder one is in. Name something.')
        elif isinstance(item, str | Path):
            found += _listed(local_path(str(item)))
        else:
            raise DataError(
                'Expected paths, URLs, folders, lists, or dict(video=..., fps=...) to predict, '
                f'but got a {type(item).__name__}.'
            )
    if not found:
        raise DataError('There is nothing to predict. Name a video or a folder.')
    return found


def _is_list(item: Any) -> bool:
    return isinstance(item, str | Path) and is_list(str(item))


def _rows(path: str, data_root: str | Path | None) -> list[ClipInput]:
    return [
        ClipInput(entry.path, None, False, entry.start, entry.end, entry.audio_path)
        for entry in clips_of_list(path, data_root)
    ]


def _named_arrays(arrays: Mapping[str, Any], number: int) -> ClipInput:
    name = str(arrays.get('path', f'array_{number}'))
    unknown = [key for key in arrays if key not in ARRAY_KEYS]
    missing = [key for key in ARRAY_KEYS[:2] if key not in arrays]
    if unknown or missing:
        problem = f'but {missing[0]!r} is missing' if missing else f'but got {unknown[0]!r}'
        raise DataError(f'{name}: expected arrays by {", ".join(ARRAY_KEYS)}, {problem}.')
    return ClipInput(name, arrays)


def _listed(path: str) -> list[ClipInput]:
    names = list_storage(path) if is_remote(path) else _local_files(path)
    if names is None:
        return [ClipInput(path)]
    if not names:
        suffixes = ', '.join(VIDEO_SUFFIXES)
        raise DataError(f'{path} is a folder without videos ({suffixes}). Name another one.')
    return [ClipInput(name, is_named=False) for name in names]


def _local_files(path: str) -> list[str] | None:
    """Return the videos below a folder, None for what is no folder."""
    if not os.path.isdir(path):
        return None
    files = list_files(Path(path))
    if names := files.unnameable:
        print_log(
            f'{path}: {len(names)} videos are left out, whose names have line breaks or are no '
            f'UTF-8, such as {names[0]}. Rename them, or name them one by one.',
            logger='current', level=logging.WARNING,
        )  # fmt: skip
    return [str(Path(path, name)) for name in files.videos]


class OpenInput(OpenAVFile):
    """`OpenAVFile`, which takes ``arrays`` as well, by its policy for videos without sound.

    Args:
        kwargs: of `OpenAVFile`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        #: What gets the content of a file that is in a storage.
        self.fetch = fetch

    def transform(self, results: dict) -> dict | None:
        """Open the files, or return None to skip the clip.

        Raises:
            DataError: a file or an array that cannot be used.
        """
        self._arrays = results.pop('arrays', None)
        return super().transform(results)

    def _open(
        self, video_path: str, sound_path: str | None, video_class: type[VideoFile] = VideoFile
    ) -> tuple[VideoFile | StillsFile | ArrayVideo, AudioFile | None]:
        if self._arrays is None:
            return super()._open(video_path, sound_path, video_class)
        arrays = self._arrays
        video = ArrayVideo(video_path, arrays['video'], arrays['fps'])
        if self.audio is None:
            return video, None
        sound, rate = arrays.get('audio'), arrays.get('sample_rate')
        return video, ArrayAudio(video_path, sound, rate, self.sample_rate)

    def _content(self, path: str) -> bytes | None:
        return self.fetch(path, self.backend_args) if is_remote(path, self.backend_args) else None


def open_input(opener: OpenInput, clip: ClipInput, index: int = 0) -> dict | None:
    """Return what `AVDataset` hands to the second transform; None where the policy skips it.

    Args:
        opener: of the files.
        clip: to open.
        index: its number.

    Raises:
        DataError: it cannot be used.
    """
    results = {
        'video_path': clip.path, 'audio_path': clip.audio_path, 'start': clip.start,
        'end': clip.end, 'source': 'test', 'sample_idx': index,
    }  # fmt: skip
    if clip.arrays is not None:
        results['arrays'] = clip.arrays
    return opener(results)
