"""The official lists of clips from YouTube, and those of other projects."""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TextIO

from mmavssl.datasets.preparation.class_names import PARTS, part_of
from mmavssl.utils.errors import DataError

# <id>, <id>_<start>, <id>_<start>_<end>; an id may have underscores, but it has 11 characters.
CLIP_NAME = re.compile(r'(?P<video>[\w-]{11})(_(?P<start>\d+)(_\d+)?)?', re.ASCII)
LONGEST_LINE = 1000  # of a first line


class ClipName(NamedTuple):
    """A clip of a video on YouTube, by its beginning in seconds or milliseconds, if known."""

    video: str
    start: int | None

    def __str__(self) -> str:
        return self.video if self.start is None else f'{self.video}_{self.start:06d}'


@dataclass(frozen=True)
class Annotation:
    """A row of a list.

    Args:
        clip: the clip.
        part: 'train', 'val' or 'test', as the list says.
        label: class name as it says, or number of the class.
        where: file and line.
        conflict: what another list says instead.
    """

    clip: ClipName
    part: str
    label: str
    where: str
    conflict: str = ''


def parse_clip_name(path: str) -> ClipName | None:
    """Read the name of a file.

    >>> parse_clip_name('a/ab_defghi-1_000030_000040.mp4')
    ClipName(video='ab_defghi-1', start=30)
    >>> parse_clip_name('holidays.mp4')
    """
    match = CLIP_NAME.fullmatch(re.sub(r'\.\w{2,4}$', '', PurePosixPath(path).name))
    if match is None:
        return None
    return ClipName(match['video'], int(match['start']) if match['start'] else None)


class Annotations:
    """Rows of lists, found by clip.

    Args:
        rows: of all lists; of those for the same clip, the first one counts.
    """

    def __init__(self, rows: Iterator[Annotation]) -> None:
        self._rows: dict[str, dict[int | None, Annotation]] = defaultdict(dict)
        for row in rows:
            same = self._rows[row.clip.video]
            first = same.setdefault(row.clip.start, row)
            if (first.part, first.label) != (row.part, row.label):
                conflict = f'{first.where} says {first.part}, {first.label!r}, but {row.where} '
                conflict += f'{row.part}, {row.label!r}'
                same[row.clip.start] = replace(first, conflict=conflict)

    def __iter__(self) -> Iterator[Annotation]:
        return (row for same in self._rows.values() for row in same.values())

    def find(self, clip: ClipName) -> Annotation | None:
        """Return the row of a file; one without beginning is that of the video's only clip."""
        same = self._rows.get(clip.video, {})
        for start, row in same.items():
            if clip.start in (start, start and 1000 * start):
                return row
        if len(same) == 1 and (clip.start is None or None in same):
            return next(iter(same.values()))
        return None


def read_annotations(path: Path) -> list[Annotation] | None:
    """Read a list in one of four forms; None if it is in none of them.

    The forms are Kinetics' CSV with a header, VGGSound's ``id,start,label,part``, its older
    ``file,label`` with the part in the name of the list, and mmaction2's ``file number`` likewise.

    Raises:
        DataError: a row is of another form than the first one.
    """
    with path.open(encoding='utf-8-sig', errors='replace', newline='') as file:
        head = next(csv.reader([file.readline(LONGEST_LINE)]), [])
        file.seek(0)
        if {'label', 'youtube_id', 'split'} <= set(head):
            return list(_rows(path, file, _kinetics(head), 1))
        part = part_of(path.stem)
        for form in (_vggsound, _files(part), _mmaction2(part)):
            try:
                form(head)
            except (ValueError, KeyError):
                continue
            return list(_rows(path, file, form, 0))
    return None


Form = Callable[[Sequence[str]], tuple[ClipName, str, str] | None]


def _rows(path: Path, file: TextIO, form: Form, skipped: int) -> Iterator[Annotation]:
    reader = csv.reader(file)
    for row in reader:
        if reader.line_num <= skipped or not row:
            continue
        where = f'{path.name}:{reader.line_num}'
        try:
            fields = form(row)
        except (ValueError, KeyError):
            raise DataError(
                f'{path}:{reader.line_num}: expected a row like the first ones, but got '
                f'{",".join(row)[:100]!r}. Correct or remove it.'
            ) from None
        if fields:
            yield Annotation(*fields, where)


def _kinetics(header: Sequence[str]) -> Form:
    def form(row: Sequence[str]) -> tuple[ClipName, str, str] | None:
        cells = dict(zip(header, row, strict=True))
        start = int(float(cells['time_start'])) if cells.get('time_start') else None
        clip = ClipName(cells['youtube_id'], start)
        # The test part of some years' lists has no labels.
        return (clip, PARTS[cells['split'].lower()], cells['label']) if cells['label'] else None

    return form


def _vggsound(row: Sequence[str]) -> tuple[ClipName, str, str]:
    video, start, label, part = row
    return ClipName(video, int(float(start))), PARTS[part], label


def _files(part: str | None) -> Form:
    def form(row: Sequence[str]) -> tuple[ClipName, str, str]:
        path, label = row
        return _known(path), _known_part(part), label

    return form


def _mmaction2(part: str | None) -> Form:
    def form(row: Sequence[str]) -> tuple[ClipName, str, str]:
        path, _, label = ','.join(row).strip().rpartition(' ')
        return _known(path), _known_part(part), str(int(label))

    return form


def _known(path: str) -> ClipName:
    clip = parse_clip_name(path)
    if clip is None:
        raise ValueError(path)
    return clip


def _known_part(part: str | None) -> str:
    if part is None:
        raise ValueError('neither train nor val nor test')
    return part
