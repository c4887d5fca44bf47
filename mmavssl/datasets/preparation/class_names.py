"""Class names as folders and lists spell them."""

import re
from collections.abc import Sequence

# Part of a data set by the words of a folder's or list's name.
PARTS = {
    'train': 'train', 'training': 'train', 'val': 'val', 'valid': 'val', 'validate': 'val',
    'validation': 'val', 'test': 'test', 'testing': 'test',
}  # fmt: skip


class ClassNames:
    """Finds classes by name, whatever stands for spaces and punctuation.

    Args:
        names: of the classes.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._by_letters = {_letters(name): name for name in names}

    def find(self, name: str) -> str | None:
        """Return the class of that name, or None.

        >>> ClassNames(["massaging person's head"]).find('massaging_persons_head')
        "massaging person's head"
        """
        return self._by_letters.get(_letters(name))


def part_of(name: str) -> str | None:
    """Return 'train', 'val' or 'test' if the name of a folder or list says one of them.

    >>> part_of('videos_train'), part_of('val_256'), part_of('training dog ii'), part_of('all')
    ('train', 'val', 'train', None)
    """
    words = re.findall('[a-z]+', name.lower())
    parts = {PARTS[word] for word in words if word in PARTS}
    return parts.pop() if len(parts) == 1 else None


def _letters(name: str) -> str:
    return ''.join(re.findall('[a-z0-9]+', name.lower()))
