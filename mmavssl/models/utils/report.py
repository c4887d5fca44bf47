"""What became of the tensors of a file and of a network: the table that loading leaves."""

import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

COPIED = 'copied'
AGAIN = 'copied again'
INITIAL = 'left at its initial value'
DROPPED = 'dropped'

BLOCK_NUMBER = re.compile(r'((?:blocks|layer)\.|encoderblock_)(\d+)')
HEADER = ('what', 'from', 'to', 'tensors')


class Origin(NamedTuple):
    """How a tensor came about, and the names of those it was made of."""

    how: str
    sources: tuple[str, ...]


class Report:
    """Collects what happens between a file and a network.

    Attributes:
        layout: title of the layout of the file's names.
        origins: what was set, by its new name.
        initial: what keeps its initial value.
        dropped: names in the file that are not used, each with the name of its group.
    """

    def __init__(self) -> None:
        self.layout = ''
        self.origins: dict[str, Origin] = {}
        self.initial: list[str] = []
        self.dropped: list[tuple[str, str]] = []

    def take(self, name: str, sources: Sequence[str], how: str = COPIED) -> None:
        """Note that ``name`` is made of ``sources``."""
        self.origins[name] = Origin(how, tuple(sources))

    def change(self, name: str, how: str) -> None:
        """Note that what ``name`` got was changed, besides what had happened to it before."""
        before, sources = self.origin(name)
        self.take(name, sources, how if before == COPIED else f'{before}, {how}')

    def origin(self, name: str) -> Origin:
        """Return where ``name`` came from: from itself, if nothing was noted."""
        return self.origins.get(name, Origin(COPIED, (name,)))

    def drop(self, name: str, group: str | None = None) -> None:
        """Note that ``name`` is not used; ``group`` stands for all of its kind."""
        sources = self.origin(name).sources
        self.origins.pop(name, None)
        self.dropped += [(source, group or source) for source in sources]

    def leave(self, name: str) -> None:
        """Note that ``name`` keeps its initial value."""
        if name not in self.initial:
            self.initial.append(name)

    def table(self, dropped: str = DROPPED) -> list[str]:
        """Return the lines of the table; blocks that fare alike share one.

        Args:
            dropped: what to call it that something is not used.
        """
        rows = [(how, braces(sources), name) for name, (how, sources) in self.origins.items()]
        rows += [(INITIAL, '', name) for name in self.initial]
        rows += [(dropped, group, '') for _, group in self.dropped]
        counts = Counter(tuple(BLOCK_NUMBER.sub(r'\1*', cell) for cell in row) for row in rows)
        lines = [HEADER, *((*row, str(count)) for row, count in counts.items())]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        return [
            '  '.join([*map(str.ljust, line[:3], widths), line[3].rjust(len(HEADER[3]))])
            for line in lines
        ]


def braces(names: Collection[str]) -> str:
    """Return several names as one, as a shell would expand it.

    >>> braces(['attn/query/bias', 'attn/key/bias', 'attn/value/bias'])
    'attn/{query,key,value}/bias'
    """
    names = list(names)
    if len(names) == 1:
        return names[0]
    start = os.path.commonprefix(names)
    rest = [name.removeprefix(start) for name in names]
    end = os.path.commonprefix([name[::-1] for name in rest])[::-1]
    return f'{start}{{{",".join(name.removesuffix(end) for name in rest)}}}{end}'
