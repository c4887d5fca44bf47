"""Data sets of sound source localization: frames and sounds by lists of ids, boxes for testing."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from mmavssl.datasets.preparation.class_names import part_of
from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.frame_sources import Source, find_sources
from mmavssl.datasets.preparation.id_list import IdList, read_ids
from mmavssl.datasets.preparation.probe import SOUND_SUFFIXES
from mmavssl.datasets.preparation.recipe import Clip, Findings, Recipe, Reference, Rejection
from mmavssl.datasets.readers.stills_file import PICTURE_SUFFIXES
from mmavssl.structures.box_lists import format_box_lists, frame_name

Boxes = Sequence[Sequence[float]]
# The loader wants names of classes, though no clip has a label.
CLASSES = 'sound\n'
NAMED = 20  # ids in a note


class LocalizerSet(Recipe):
    """Frames and sounds that lists of ids name, without labels, and boxes of the test part.

    Ids that are in both lists are left out of training.

    Args:
        train_list: ids for training.
        test_list: ids for testing; None: those that have boxes.
        annotations: where the boxes are; None: below the folder of the files.
        keep_test_ids: keep ids of both lists in training, as the papers did.
    """

    layouts = (
        '<id>.jpg (or .png, or a folder <id> of them) in a folder `frames` and <id>.wav (or '
        '.mp3, .flac, .m4a, .ogg) in `audio`, or both in one folder, or <id>.mp4'
    )
    other_suffixes = (*PICTURE_SUFFIXES, *SOUND_SUFFIXES)
    lists_missing = False
    classes = ()
    #: As people call the data set, whichever the training list.
    title: ClassVar[str]
    #: Numbers of ids in the lists of the releases, by their names.
    releases: ClassVar[Mapping[str, int]]

    def __init__(
        self,
        train_list: str | Path,
        test_list: str | Path | None = None,
        annotations: str | Path | None = None,
        keep_test_ids: bool = False,
    ) -> None:
        self.annotations = annotations
        self.keep_test_ids = keep_test_ids
        self.train = read_ids(train_list, self.spelling)
        self.test = test_list and read_ids(test_list, self.spelling)
        self._boxes: dict[str, Boxes] = {}

    @property
    def name(self) -> str:
        """Title and training list, each of which has a folder of its own."""
        return f'{self.title}, {self.train.name}'

    def spelling(self, name: str) -> str:
        """Return an id as it is compared."""
        return name

    def file_names(self, clip_id: str) -> list[str]:
        """Return what the files of an id may be called."""
        return [clip_id]

    @abstractmethod
    def read_boxes(
        self, tree: FileTree, ids: Sequence[str] | None
    ) -> tuple[dict[str, Boxes], dict[str, str]]:
        """Return boxes by id, in shares of the frame's sides, and what is wrong with others.

        Args:
            tree: files below the folder.
            ids: whose boxes are wanted; None: all.
        """

    def find(self, tree: FileTree) -> Findings:
        """Find the files of the ids."""
        sources = find_sources(tree, self.spelling)
        boxes, faults = self.read_boxes(tree, self.test and self.test.ids)
        test = self.test or IdList(Path(self.annotations).stem, [*boxes, *faults])
        both = set(self.train.ids).intersection(test.ids)
        found = Findings(notes=list(self._notes(test, both)))
        self.references = self._references(test)
        for clip_id in self.train.ids:
            if clip_id in both and not self.keep_test_ids:
                detail = 'it is in the test list as well; `--keep-test-ids` keeps it'
                found.rejected.append(Rejection(clip_id, 'test clip', detail, 'train'))
            else:
                self._place(clip_id, 'train', sources, found)
        for clip_id in test.ids:
            if clip_id not in boxes:
                detail = faults.get(clip_id, 'there are none among the annotations')
                found.rejected.append(Rejection(clip_id, 'no boxes', detail, 'test'))
                continue
            for clip in self._place(clip_id, 'test', sources, found):
                self._boxes[clip.path] = boxes[clip_id]
        listed = {n for ids in (self.train.ids, test.ids) for i in ids for n in self.file_names(i)}
        unlisted = sum(len(own) for name, own in sources.items() if name not in listed)
        if unlisted:
            found.others['(or pairs of picture and sound) that no list names'] = unlisted
        return found

    def more_files(self, kept: Sequence[Clip]) -> dict[str, str]:
        """Return the boxes of the test clips, and names of classes."""
        boxes = {frame_name(c.path): self._boxes[c.path] for c in kept if c.part == 'test'}
        return {'boxes_test.json': format_box_lists(boxes), 'classes.txt': CLASSES}

    def _place(
        self, clip_id: str, part: str, sources: Mapping[str, list[Source]], found: Findings
    ) -> list[Clip]:
        """Add the clips of an id: copies, those in a folder named for the part first."""
        own = [source for name in self.file_names(clip_id) for source in sources.get(name, [])]
        own.sort(key=lambda source: part_of(source.folder) != part)
        clips = [
            Clip(path, part, None, f'{part}/{clip_id}', None if sound == path else sound)
            for _, path, sound in own
            if path and sound
        ]
        found.clips += clips
        if not clips:
            found.rejected.append(_rejection(clip_id, part, own))
        return clips

    def _references(self, test: IdList) -> tuple[Reference, ...]:
        lists = (self.train, test)
        releases = (self.releases.get(ids.name) for ids in lists)
        return (
            Reference('ids in the lists', *(f'{len(ids.ids):,}' for ids in lists)),
            Reference('the release', *(f'{n:,}' if n else '' for n in releases)),
        )

    def _notes(self, test: IdList, both: set[str]) -> Iterator[str]:
        for name, ids, repeats in (self.train, test):
            expected = self.releases.get(name, len(ids))
            if repeats:
                yield f'{name} has {repeats:,} rows with ids that it has already.'
            if expected != len(ids):
                yield f'{name} has {len(ids):,} ids, and that of the release {expected:,}.'
        if both:
            names = ', '.join(sorted(both)[:NAMED]) + (', ...' if len(both) > NAMED else '')
            verb = 'kept in training' if self.keep_test_ids else 'left out of training'
            yield f'{len(both):,} of {len(test.ids):,} test ids are in {self.train.name}: {names}.'
            yield f'They are {verb} (`--keep-test-ids` keeps them, as the papers did).'


def _rejection(clip_id: str, part: str, incomplete: Sequence[Source]) -> Rejection:
    if not incomplete:
        detail = 'there is neither a video nor a picture or sound of it'
        return Rejection(clip_id, 'no file', detail, part)
    _, path, sound = incomplete[0]
    if path:
        return Rejection(path, 'no sound', f'there is no sound file of {clip_id} for it', part)
    return Rejection(sound, 'no picture', f'there is no picture of {clip_id} for it', part)
