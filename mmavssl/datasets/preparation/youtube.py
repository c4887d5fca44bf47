"""Data sets of clips from YouTube, whose files are named by the video's id."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from mmavssl.datasets.preparation.annotations import (
    Annotation,
    Annotations,
    parse_clip_name,
    read_annotations,
)
from mmavssl.datasets.preparation.class_names import ClassNames, part_of
from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.recipe import Clip, Findings, Missing, Recipe, Rejection
from mmavssl.utils.errors import ConfigError


class YouTubeClips(Recipe):
    """Part and class of a file by the official lists, else by the folders that it is in.

    Args:
        annotations: lists that are not below the folder of the videos.
    """

    #: Our part for the data set's own; others are left out.
    part_names: ClassVar[dict[str, str]]

    def __init__(self, annotations: Sequence[str | Path] = ()) -> None:
        self.annotations = [Path(path) for path in annotations]
        self._names = ClassNames(self.classes)

    def find(self, tree: FileTree) -> Findings:
        """Tell part and class of the files."""
        found = Findings()
        listed = Annotations(self._read_lists(tree, found))
        seen = set()
        for path in tree.videos:
            name = parse_clip_name(path)
            row = listed.find(name) if name else None
            seen.add(row)
            part, class_name, fault = self._place(path, row)
            if fault:
                found.rejected.append(Rejection(path, *fault))
            elif part not in self.part_names:
                found.others[f'of the {part} part, which is not used'] += 1
            else:
                key = str(row.clip if row else name or path)
                found.clips.append(Clip(path, self.part_names[part], class_name, key))
        found.missing = list(self._missing(listed, seen))
        return found

    def _read_lists(self, tree: FileTree, found: Findings) -> Iterator[Annotation]:
        for path in [*self.annotations, *(tree.root / name for name in tree.lists)]:
            if path in self.annotations and not path.is_file():
                raise ConfigError(f'{path} is not a file; `--annotations` names it.')
            rows = read_annotations(path)
            if rows:
                found.notes.append(f'{path}: {len(rows):,} rows')
                yield from rows
            elif path in self.annotations:
                raise ConfigError(
                    f'{path} is no list of {self.name} that is known; `--annotations` names it. '
                    'See docs/datasets.md.'
                )

    def _place(
        self, path: str, row: Annotation | None
    ) -> tuple[str | None, str | None, tuple[str, str] | None]:
        """Return part, class, and why the file is rejected."""
        folders = PurePosixPath(path).parts[:-1]
        classes = [self._names.find(name) for name in folders]
        class_name = next((name for name in reversed(classes) if name), None)
        parts = [part_of(name) for name, known in zip(folders, classes, strict=True) if not known]
        part = next((name for name in reversed(parts) if name), None)
        if row is None:
            return part, class_name, self._unknown(part, class_name)
        listed = self._class_of(row)
        if listed is None:
            return None, None, ('unknown class', f'{row.where}: {row.label!r} is no class of ours')
        if row.conflict or class_name not in (None, listed) or part not in (None, row.part):
            detail = f'it is in {"/".join(folders)}, but {row.where} says {row.part}, {listed!r}'
            return None, None, ('contradiction', row.conflict or detail)
        return row.part, listed, None

    def _unknown(self, part: str | None, class_name: str | None) -> tuple[str, str] | None:
        lacks = ' and '.join(
            text for text, known in (('its part', part), ('its class', class_name)) if not known
        )
        advice = f'neither a list nor a folder tells {lacks}; `--annotations` names the lists'
        return ('unknown clip', advice) if lacks else None

    def _class_of(self, row: Annotation) -> str | None:
        if row.label.isdecimal():  # mmaction2's lists
            number = int(row.label)
            return self.classes[number] if number < len(self.classes) else None
        return self._names.find(row.label)

    def _missing(self, listed: Annotations, seen: set[Annotation | None]) -> Iterator[Missing]:
        for row in listed:
            class_name = self._class_of(row)
            if row not in seen and class_name and row.part in self.part_names:
                yield Missing(str(row.clip), self.part_names[row.part], class_name)
