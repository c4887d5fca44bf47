"""What the preparation of a data set is told about it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

from mmavssl.datasets.manifest import read_classes
from mmavssl.datasets.preparation.file_tree import FileTree

LISTS = Path(__file__).parent / 'lists'


@dataclass(frozen=True)
class Clip:
    """A video file, or a picture or folder of pictures with a sound file, of the data set.

    Args:
        path: relative to the folder of the videos.
        part: 'train', 'test' or 'unlabeled'.
        class_name: None without labels.
        key: the same for copies of the same clip, of which one is kept.
        audio_path: of the sound, relative as well; None: in the video file.
    """

    path: str
    part: str
    class_name: str | None
    key: str
    audio_path: str | None = None

    @property
    def sound_path(self) -> str:
        """The file that has the sound."""
        return self.audio_path or self.path


class Rejection(NamedTuple):
    """A file that is left out."""

    path: str
    reason: str
    detail: str
    part: str = ''


class Missing(NamedTuple):
    """A clip of the official lists of which there is no file."""

    clip: str
    part: str
    class_name: str


class Reference(NamedTuple):
    """Numbers of clips that somebody else counts."""

    source: str
    train: str
    test: str


@dataclass
class Findings:
    """What a recipe finds.

    Args:
        clips: that belong to the data set.
        rejected: files that should, but of which part or class cannot be told.
        missing: clips of the official lists without a file.
        others: how many files do not belong to it, by what they are.
        notes: what the user should know.
    """

    clips: list[Clip] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


class Recipe(ABC):
    """A data set: which files belong to it, to which part and class, and how many there are."""

    #: As people call it.
    name: ClassVar[str]
    #: Where the files may be, for the message when none is found.
    layouts: ClassVar[str]
    parts: Sequence[str] = ('train', 'test')
    references: Sequence[Reference] = ()
    #: After the names of the files that are written.
    suffix: str = ''
    #: Of files that `find` wants to know besides videos.
    other_suffixes: Sequence[str] = ()
    #: Whether clips without a file are told as `Missing`, not as `Rejection`.
    lists_missing: bool = True

    def check_place(self, tree: FileTree, out_dir: Path) -> None:  # noqa: B027
        """Raise if files of the data set cannot be told from what is written to ``out_dir``."""

    @abstractmethod
    def find(self, tree: FileTree) -> Findings:
        """Tell part and class of the files; their content is not looked at."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of their labels; after `find` where they are found."""

    def more_files(self, kept: Sequence[Clip]) -> dict[str, str]:
        """Return texts, by the names of their files, that go with the lists of these clips."""
        return {}

    def notes(self, counts: dict[str, Counter[str]]) -> list[str]:
        """Return what the user should know about the numbers of clips by part and class."""
        return []


def shipped_classes(name: str) -> tuple[str, ...]:
    """Read class names that come with the package."""
    return read_classes(LISTS / f'{name}_classes.txt')
