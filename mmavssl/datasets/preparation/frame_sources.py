"""Which files make a frame and its sound, in the layouts of sound source localization."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.probe import SOUND_SUFFIXES
from mmavssl.datasets.readers.stills_file import PICTURE_SUFFIXES

FRAMES, SOUNDS = 'frames', 'audio'
Place = tuple[str, str]  # folder of a source, and its name


class Source(NamedTuple):
    """A frame and its sound.

    Attributes:
        folder: that both are in, or that has the folders of both.
        path: of the picture, of the folder of pictures, or of the video; None: there is none.
        sound: path of the sound, which is that of the video; None: there is none.
    """

    folder: str
    path: str | None
    sound: str | None


def find_sources(tree: FileTree, spelling: Callable[[str], str] = str) -> dict[str, list[Source]]:
    """Pair pictures and sounds by their names, which are ids.

    A picture is ``<id>.jpg`` or ``<id>/<any>.jpg`` in a folder ``frames`` with the sound
    ``<id>.wav`` in a folder ``audio`` beside it, or ``<id>.jpg`` and ``<id>.wav`` are in one
    folder. Sounds may be MP3 or others of `SOUND_SUFFIXES`; of several, WAV is taken. A video
    ``<id>.mp4`` may be anywhere.

    Args:
        tree: with the pictures and sounds among its ``others``.
        spelling: of an id that may be written in several ways.

    Returns:
        Sources by id, incomplete ones as well.
    """
    pictures: dict[Place, list[str]] = {}
    sounds: dict[Place, str] = {}
    for name in tree.others:
        file = PurePosixPath(name)
        if file.suffix.lower() in PICTURE_SUFFIXES:
            folder, item = _place_of_picture(file)
            paths = pictures.setdefault((str(folder), item.stem), [])
            if str(item) not in paths[-1:]:  # the pictures of a folder follow one another
                paths.append(str(item))
        elif file.suffix.lower() in SOUND_SUFFIXES:
            folder = file.parent.parent if _is(file.parent, SOUNDS) else file.parent
            sounds[str(folder), file.stem] = name  # the last one by name, which is WAV
    sources: dict[str, list[Source]] = {}
    for name, source in _pair(tree, pictures, sounds):
        sources.setdefault(spelling(name), []).append(source)
    return sources


def _pair(
    tree: FileTree, pictures: Mapping[Place, list[str]], sounds: Mapping[Place, str]
) -> Iterator[tuple[str, Source]]:
    for (folder, name), paths in pictures.items():
        for path in paths:
            yield name, Source(folder, path, sounds.get((folder, name)))
    for (folder, name), sound in sounds.items():
        if (folder, name) not in pictures:
            yield name, Source(folder, None, sound)
    for path in tree.videos:
        file = PurePosixPath(path)
        yield file.stem, Source(str(file.parent), path, path)


def _place_of_picture(file: PurePosixPath) -> tuple[PurePosixPath, PurePosixPath]:
    """Return the folder of the source, and the picture or the folder of pictures."""
    if _is(file.parent, FRAMES):
        return file.parent.parent, file
    if _is(file.parent.parent, FRAMES):
        return file.parent.parent.parent, file.parent
    return file.parent, file


def _is(folder: PurePosixPath, name: str) -> bool:
    return folder.name.lower() == name
