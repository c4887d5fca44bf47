"""What a sample of a shard holds: a file, its sound, and what the list says about them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.datasets.readers.media import check_file
from mmavssl.utils.errors import DataError

BLOCK = 512  # bytes of a header of a tar, and what the content is filled up to


@dataclass(frozen=True)
class PackedSample:
    """A sample in the sense of WebDataset.

    Args:
        key: name of its files in the shard, without suffix.
        contents: by suffix.
        paths: of the list, by the suffixes of the files that it names.
    """

    key: str
    contents: dict[str, bytes]
    paths: dict[str, str]

    @property
    def tar_size(self) -> int:
        """What the sample takes in a shard, headers included (bytes)."""
        return sum(BLOCK * (1 - len(data) // -BLOCK) for data in self.contents.values())


def read_sample(
    key: str, entries: Sequence[ClipEntry], root: Path, classes: Sequence[str]
) -> PackedSample:
    """Read the files of a sample.

    Args:
        key: of the sample.
        entries: clips of one file.
        root: that their paths are relative to.
        classes: class names.

    Raises:
        DataError: a file is missing, empty or cannot be read.
    """
    path = entries[0].path
    paths = {_suffix(path): path}
    sounds = dict.fromkeys(entry.audio_path for entry in entries)
    for number, sound in enumerate(s for s in sounds if s not in (None, path)):
        paths[f'sound{number or ""}.{_suffix(sound)}'] = sound
    contents = {suffix: _read(root / name) for suffix, name in paths.items()}
    clips = [_facts(entry, classes) for entry in entries]
    about = {'path': path, **clips[0], **({'clips': clips} if len(clips) > 1 else {})}
    contents['json'] = json.dumps(about, ensure_ascii=False).encode()
    return PackedSample(key, contents, paths)


def _facts(entry: ClipEntry, classes: Sequence[str]) -> dict:
    facts = {
        'label': entry.label,
        'class': None if entry.label is None else classes[entry.label],
        'start': entry.start,
        'end': entry.end,
    }
    others = {'audio_path': entry.audio_path or None, 'confidence': entry.confidence}
    return {**facts, **{name: value for name, value in others.items() if value is not None}}


def _suffix(path: str) -> str:
    """Return the suffix of a path, if it will do for a name in a tar.

    >>> _suffix('a/b.MP4'), _suffix('v1. my cat'), _suffix('a.json')
    ('mp4', 'bin', 'bin')
    """
    suffix = Path(path).suffix[1:].lower()
    is_plain = suffix.isascii() and suffix.isalnum() and len(suffix) <= 8
    return suffix if is_plain and suffix != 'json' else 'bin'


def _read(path: Path) -> bytes:
    check_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}.') from error
