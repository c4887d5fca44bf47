"""Lists that other projects publish, and which of our clips they mean."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mmavssl.datasets.manifest import ClipEntry
from mmavssl.utils.errors import DataError

UCF_NAME = re.compile(r'v_(.+)_g\d+_c\d+', re.IGNORECASE)


class ListedClip(NamedTuple):
    """A line ``path label`` of a published list; its label is another one than ours."""

    path: str
    label: str
    where: str

    @property
    def stem(self) -> str:
        """What the same clip is called in every copy of the data set."""
        return PurePosixPath(self.path).stem.lower()


@dataclass
class Matched:
    """What a published list means for our clips.

    Args:
        entries: our clips that it lists, in its order.
        absent: paths of its clips of our classes that are not among ours.
        num_others: how many of its clips are of other classes.
    """

    entries: list[ClipEntry] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    num_others: int = 0


def read_published(path: str | Path) -> list[ListedClip]:
    """Read a list with ``path label`` in each line, whatever its line ends are.

    Raises:
        DataError: no such file, a line of another form, or a clip twice.
    """
    try:
        lines = Path(path).read_text('utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path} cannot be read as a list: {error}. Check the path.') from None
    clips: dict[str, ListedClip] = {}
    for number, line in enumerate(lines, start=1):
        name, _, label = line.strip().rpartition(' ')
        if not line.strip():
            continue
        if not (name and label.isdecimal()):
            raise DataError(
                f'{path}:{number}: expected `path label` with a number as label, but got '
                f'{line.strip()!r}.'
            )
        clip = ListedClip(name.strip(), label, f'{path}:{number}')
        first = clips.setdefault(clip.stem, clip)
        if first is not clip:
            raise DataError(f'{clip.where}: {clip.path} is at {first.where} already. Remove one.')
    return list(clips.values())


class ClipMatcher:
    """Finds our clips by the names of their files, regardless of folders, suffix and case.

    Our labels count. Theirs must fit: all clips of a class of ours have the same number there.

    Args:
        entries: our training clips with labels.
        classes: our class names.

    Raises:
        DataError: a clip of ours has no label, or the same file name as another.
    """

    def __init__(self, entries: Iterable[ClipEntry], classes: Sequence[str]) -> None:
        self.classes = classes
        self._by_class_name = {name.lower(): label for label, name in enumerate(classes)}
        self._by_stem: dict[str, ClipEntry] = {}
        for entry in entries:
            if entry.label is None:
                raise DataError(f'{entry.path} (line {entry.line}) has no label. Label it.')
            stem = PurePosixPath(entry.path).stem.lower()
            first = self._by_stem.setdefault(stem, entry)
            if first is not entry:
                raise DataError(
                    f'{entry.path} (line {entry.line}) and {first.path} (line {first.line}) have '
                    'the same file name, by which clips of other lists are found.'
                )
        self._ours: dict[str, tuple[int, ListedClip]] = {}
        self._theirs: dict[int, tuple[str, ListedClip]] = {}

    def match(self, clips: Sequence[ListedClip]) -> Matched:
        """Find our clips.

        Raises:
            DataError: a clip has another class there.
        """
        found = Matched()
        for clip in clips:
            entry = self._by_stem.get(clip.stem)
            if entry is not None:
                self._check(clip, entry)
                found.entries.append(entry)
            elif self._class_of(clip) is None:
                found.num_others += 1
            else:
                found.absent.append(clip.path)
        return found

    def _class_of(self, clip: ListedClip) -> int | None:
        """Return the class that its folder or its name says, if it is one of ours."""
        name = UCF_NAME.fullmatch(clip.stem)
        words = [PurePosixPath(clip.path).parent.name.lower(), name[1] if name else '']
        labels = [self._by_class_name.get(word) for word in words]
        return next((label for label in labels if label is not None), None)

    def _check(self, clip: ListedClip, entry: ClipEntry) -> None:
        name = self.classes[entry.label]
        folder = self._by_class_name.get(PurePosixPath(clip.path).parent.name.lower())
        if folder not in (None, entry.label):
            raise DataError(
                f'{clip.where}: {clip.path} is in a folder {self.classes[folder]!r}, but the '
                f'manifest has it as {name!r} (line {entry.line}). Correct one of them.'
            )
        label, first = self._ours.setdefault(clip.label, (entry.label, clip))
        other = self.classes[label]
        if label == entry.label:
            theirs, first = self._theirs.setdefault(label, (clip.label, clip))
            if theirs == clip.label:
                return
            other = f'{name} (number {theirs})'
        raise DataError(
            f'{clip.where}: number {clip.label} of {clip.path} is not that of {name!r}, which the '
            f'manifest says (line {entry.line}): at {first.where} it is {other!r}. The list or '
            'the manifest is wrong.'
        )
