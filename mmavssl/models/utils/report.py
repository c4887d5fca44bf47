"""What became of the tensors of a file and of a network: the table that loading leaves."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import NamedTuple

COPIED = 'copied'
AGAIN = 'copied again'
INITIAL = 'left at its initial value'
DROPPED = 'dropped'
ASIDE = 'kept aside'

BLOCK_NUMBER = re.compile(r'((?:blocks|layer)\.|encoderblock_)(\d+)')
#: The end of a parameter's name, after that of its layer.
KIND = re.compile(r'[./](weight|bias|scale|kernel)$')
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
        aside: those that the file of ours holds besides its network.
    """

    def __init__(self) -> None:
        self.layout = ''
        self.origins: dict[str, Origin] = {}
        self.initial: list[str] = []
        self.dropped: list[tuple[str, str]] = []
        self.aside: set[str] = set()

    def take(self, name: str, sources: Sequence[str], how: str = COPIED) -> None:
        """Note that ``name`` is made of ``sources``."""
        self.origins[name] = Origin(how, tuple(sources))

    def change(self, name: str, how: str) -> None:
        """Note that what ``name`` got was changed, besides what had happened to it before."""
        before, sources = self.origin(name)
        self.take(name, sources, how if before == COPIED else f'{before}, {how}')

    def merge(self, part: str, names: Sequence[str], how: str) -> None:
        """Note that ``part`` went into each of ``names``, and is no tensor of its own any more."""
        sources = self.origin(part).sources
        for name in names:
            self.take(name, (*self.origin(name).sources, *sources), how)
        self.origins.pop(part, None)

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

    def after(self, earlier: 'Report') -> 'Report':
        """Return the report of both ways, of which ``earlier`` is the one to the sources here."""
        whole = Report()
        whole.layout = earlier.layout
        whole.dropped = earlier.dropped + self.dropped
        whole.aside = earlier.aside | self.aside
        for name, (how, sources) in self.origins.items():
            if sources[0] in earlier.initial and sources[0] not in earlier.origins:
                whole.leave(name)
                continue
            before = [earlier.origin(source) for source in sources]
            steps = [step for step in (before[0].how, how) if step != COPIED]
            roots = [root for origin in before for root in origin.sources]
            whole.take(name, roots, ', '.join(steps) or COPIED)
        return whole

    def table(self) -> list[str]:
        """Return the lines of the table.

        What fares alike in one layer of all blocks has one, and so has all that keeps its name, or
        has it in a network that is, or was, part of another one.
        """
        rows = [_taken_row(name, origin) for name, origin in self.origins.items()]
        rows += [(INITIAL, '', name) for name in self.initial]
        rows += [(ASIDE if n in self.aside else DROPPED, group, '') for n, group in self.dropped]
        counts = Counter(tuple(BLOCK_NUMBER.sub(r'\1*', cell) for cell in row) for row in rows)
        layers: dict[tuple[str, ...], Counter] = {}
        for row, count in counts.items():
            layers.setdefault(tuple(KIND.sub('', cell) for cell in row), Counter())[row] = count
        lines = [HEADER, *map(_layer_row, layers.values())]
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        return [
            '  '.join([*map(str.ljust, line[:3], widths), line[3].rjust(len(HEADER[3]))])
            for line in lines
        ]


def _taken_row(name: str, origin: Origin) -> tuple[str, ...]:
    row = (origin.how, braces(origin.sources), name)
    if origin.how != COPIED or len(origin.sources) > 1:
        return row
    source = row[1]
    if f'.{source}'.endswith(f'.{name}'):
        return (COPIED, f'{source.removesuffix(name)}*', '*')
    if name.endswith(f'.{source}'):
        return (COPIED, '*', f'{name.removesuffix(source)}*')
    return row


def _layer_row(counts: Counter) -> tuple[str, ...]:
    """Return one row for those of the weight and the bias of a layer."""
    cells = zip(*counts, strict=True)
    return (*(braces(dict.fromkeys(cell)) for cell in cells), str(sum(counts.values())))


def braces(names: Collection[str]) -> str:
    """Return several names as one, as a shell would expand it.

    >>> braces(['attn/query/bias', 'attn/key/bias', 'attn/value/bias'])
    'attn/{query,key,value}/bias'
    """
    names = list(names)
    if len(names) == 1:
        return names[0]
    start = _shared_start(names)
    rest = [name.removeprefix(start) for name in names]
    end = _shared_start([name[::-1] for name in rest])[::-1]
    return f'{start}{{{",".join(name.removesuffix(end) for name in rest)}}}{end}'


def _shared_start(names: Sequence[str]) -> str:
    shared = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return ''.join(letters[0] for letters in shared)
