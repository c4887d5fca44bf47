"""Find out in which layout the tensors of a file are."""

from collections.abc import Collection

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts import (
    LAYOUTS,
    Layout,
    is_recognizer,
    recognizer_layout,
)

PARALLEL_PREFIX = 'module.'


def layout_of_part(names: Collection[str], part: str) -> Layout:
    """Return the layout of a backbone in a file with these names.

    Args:
        names: those in the file.
        part: which backbone of a recognizer of ours to take, ``backbone`` or ``audio_backbone``.

    Raises:
        MisfitError: a layout that is not known, or a recognizer without the part.
    """
    if is_recognizer(names):
        return recognizer_layout(names, part)
    return find_layout(names)


def find_layout(names: Collection[str]) -> Layout:
    """Return the layout of a file with these names.

    Raises:
        MisfitError: none that is known.
    """
    for layout in LAYOUTS:
        if layout.recognizes(names):
            return layout
    known = ', '.join(layout.title for layout in LAYOUTS)
    raise MisfitError(
        f'its tensors ({", ".join(list(names)[:3])}, ...) have the names of none of these: {known}'
    )


def without_parallel_prefix(source: StateDict) -> StateDict:
    """Return the tensors without what data-parallel training puts before all names."""
    if all(name.startswith(PARALLEL_PREFIX) for name in source):
        return {name.removeprefix(PARALLEL_PREFIX): tensor for name, tensor in source.items()}
    return dict(source)
