"""One's own videos: a folder per class, or a folder without classes."""

from collections import defaultdict
from pathlib import Path

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.recipe import Clip, Findings, Recipe, Rejection
from mmavssl.datasets.preparation.video_folder import LINK
from mmavssl.datasets.split_audit import source_of
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import stable_seed

PART_FOLDERS = {
    'train': 'train', 'test': 'test', 'val': 'test', 'valid': 'test', 'validation': 'test',
}  # fmt: skip
DEFAULT_PERCENT = 20.0


class Folder(Recipe):
    """``train/<class>/`` and ``test/<class>/``, or ``<class>/`` of which a share is for testing.

    Args:
        test_percent: share of each class for testing; None: 20, unless there is a folder `test`.
        seed: of the choice of test clips.
    """

    name = 'own videos'
    layouts = 'video files in train/<class>/ and test/<class>/, or in <class>/'

    def __init__(self, test_percent: float | None = None, seed: int = 0) -> None:
        if test_percent is not None and not 0 < test_percent < 100:
            raise ConfigError(
                f'Expected `--test-percent` to be between 0 and 100, but got {test_percent:g}.'
            )
        self.test_percent = test_percent
        self.seed = seed
        self._classes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the class folders by the alphabet."""
        return self._classes

    def check_place(self, tree: FileTree, out_dir: Path) -> None:
        """Raise if the folders would be taken for classes, but are beside lists.

        They may be anything there: a pool without labels, or the link to the videos that an
        earlier run has made.

        Raises:
            DataError: the folder is that of the lists, and has none of the parts.
        """
        if not tree.videos or _tops(tree) & {*PART_FOLDERS}:
            return
        in_place = tree.root.resolve() == out_dir.resolve()
        if in_place or ('manifest_train.csv' in tree.lists and (tree.root / LINK).is_symlink()):
            raise DataError(
                f'{tree.root} is a folder of lists, and has no folders train and test (or val): '
                'its folders are not taken for classes. Make train/<class>/ and test/<class>/ '
                'there, or name the folder of the class folders as RAW_DIR.'
            )

    def find(self, tree: FileTree) -> Findings:
        """Tell part and class of the files by their folders."""
        tops = _tops(tree)
        has_parts = 'train' in tops
        self._check(tree, has_parts, bool(tops & {*PART_FOLDERS} - {'train'}))
        found = Findings()
        for path in tree.videos:
            part, place = '', path
            if has_parts:
                top, _, place = path.partition('/')
                part = PART_FOLDERS.get(top.lower(), '')
                if not part:
                    found.others['outside of the folders train and test'] += 1
                    continue
            class_name, _, below = place.partition('/')
            if not below:
                found.rejected.append(Rejection(path, 'unknown class', 'it is in no class folder'))
                continue
            found.clips.append(Clip(path, part, class_name.strip(), path))
        self._classes = tuple(sorted({clip.class_name for clip in found.clips}))
        if not has_parts:
            found.clips = divide(found.clips, self.test_percent or DEFAULT_PERCENT, self.seed)
        return found

    def _check(self, tree: FileTree, has_train: bool, has_test: bool) -> None:
        if has_train != has_test:
            lacks = 'test (or val)' if has_train else 'train'
            raise DataError(
                f'{tree.root} has a folder {"train" if has_train else "test or val"}, but none '
                f'{lacks} with videos. Add it, or name the folder whose folders are the classes.'
            )
        if has_train and self.test_percent is not None:
            raise ConfigError(
                f'{tree.root} has a folder of test clips already. Leave out `--test-percent`.'
            )


class Unlabeled(Recipe):
    """All videos below a folder, as a pool without labels."""

    name = 'unlabeled videos'
    layouts = 'video files anywhere'
    parts = ('unlabeled',)
    suffix = '_unlabeled'

    @property
    def classes(self) -> tuple[str, ...]:
        """There is none."""
        return ()

    def find(self, tree: FileTree) -> Findings:
        """Take all files."""
        return Findings([Clip(path, 'unlabeled', None, path) for path in tree.videos])


def _tops(tree: FileTree) -> set[str]:
    return {path.partition('/')[0].lower() for path in tree.videos if '/' in path}


def divide(clips: list[Clip], percent: float, seed: int) -> list[Clip]:
    """Choose test clips of each class, at random, so that recordings stay together.

    The choice follows from the seed and the names. At least one recording of a class is for
    training, and if there are two, one is for testing.

    Args:
        clips: of any part.
        percent: share of each class for testing, which is not exceeded where that is possible.
        seed: of the choice.

    Returns:
        The clips with their parts, in the same order.
    """
    recordings: dict[str, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        recordings[clip.class_name][source_of(clip.path)].append(clip)
    tested = set()
    for class_name, by_source in recordings.items():
        wanted = sum(map(len, by_source.values())) * percent / 100
        ranked = sorted(by_source, key=lambda s, c=class_name: stable_seed(seed, 'test', c, s))
        chosen: list[Clip] = []
        for source in ranked[:-1]:
            if len(chosen) + len(by_source[source]) <= max(round(wanted), 1):
                chosen += by_source[source]
        if not chosen and len(ranked) > 1:
            chosen = min((by_source[source] for source in ranked), key=len)
        tested.update(clip.path for clip in chosen)
    return [
        Clip(clip.path, 'test' if clip.path in tested else 'train', clip.class_name, clip.key)
        for clip in clips
    ]
