"""The parts of the model zoo: written from result files and metafiles, and compared with them."""

import difflib
import json
import re
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mmavssl.apis.grid.plots import is_plot_of, plot_file
from mmavssl.apis.grid.published import published_accuracies, published_table
from mmavssl.apis.grid.quickstart_table import quickstart_table
from mmavssl.apis.grid.records import results_file
from mmavssl.apis.grid.report import IMAGES, RESULTS, all_grids, section
from mmavssl.utils import cost_table, localizer_table, mix_evidence_table
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.managed_text import BEGIN, END, replace_part
from mmavssl.utils.outputs import write_output

ZOO = Path('model_zoo.md')
TOOL = 'tools/benchmark.py --write-zoo'
COST_TOOL = 'tools/analysis/get_cost.py --all --zoo model_zoo.md'
#: Lines of a stale part, and of what it should be, that are shown.
SHOWN = 3
#: What is measured, not the 1 of top-1.
NUMBER = re.compile(r'(?<![\w-])\d')
PERCENT = re.compile(r'\d ?%')
#: Names of files and the like; a number alone is none.
CODE = re.compile(r'`[^`]*[A-Za-z_][^`]*`')
MARK = re.compile(BEGIN.format(name='(.+?)', tool='.+?'))


class Part(NamedTuple):
    """A part between two comments.

    Attributes:
        tool: that writes it.
        content: what it has, given the root of the repository.
    """

    tool: str
    content: Callable[[Path], str]


def grids_part(root: Path) -> str:
    """Return the sections of all grids that have results."""
    sections = [
        section(grid, path, results_file(RESULTS, grid.name).as_posix(), records, root)
        for path, (grid, records) in all_grids(root).items()
    ]
    return '\n\n'.join(sections) or 'No grid has results yet.'


def quickstart_part(root: Path) -> str:
    """Return the table of what quickstarts have measured."""
    return quickstart_table(root / RESULTS)


def published_part(root: Path) -> str:
    """Return the table of the paper's accuracies."""
    records = [record for _, found in all_grids(root).values() for record in found]
    return published_table(published_accuracies(root / 'configs'), records, root)


def localizers_part(root: Path) -> str:
    """Return the tables of what localizers were scored."""
    return localizer_table.table(json.loads((root / RESULTS / 'localizers.json').read_text()))


def mix_evidence_part(root: Path) -> str:
    """Return the tables of what mixed clips show, against their labels."""
    return mix_evidence_table.table(json.loads((root / RESULTS / 'mix_evidence.json').read_text()))


@cache
def cost_rows(root: Path) -> list[dict]:
    """Return the costs of all configs."""
    return cost_table.cost_rows(root / 'configs')


#: Names of the parts. Those of `COSTS` take the time of building all models.
PARTS = {
    'quickstart': Part(TOOL, quickstart_part),
    'grids': Part(TOOL, grids_part),
    'accuracies in the paper': Part(TOOL, published_part),
    'localizers': Part('benchmarks/localizers.py --zoo model_zoo.md', localizers_part),
    'mix evidence': Part(TOOL, mix_evidence_part),
    'costs in the paper': Part(
        COST_TOOL, lambda root: cost_table.published_table(cost_rows(root))
    ),
    'costs': Part(COST_TOOL, lambda root: cost_table.cost_table(cost_rows(root))),
}
COSTS = ('costs in the paper', 'costs')


def write_zoo(root: Path) -> None:
    """Write the parts of `TOOL`.

    Raises:
        ConfigError: the comments of a part are missing.
        DataError: see `all_grids`.
    """
    text = (root / ZOO).read_text()
    for name, part in PARTS.items():
        if part.tool == TOOL:
            text = replace_part(text, name, part.tool, part.content(root))
    write_output(root / ZOO, text)


def check_zoo(root: Path, skip: Collection[str] = ()) -> list[str]:
    """Return what is wrong with the model zoo; nothing if each number in a table has its source.

    A part is what its result files or metafiles make of it, to the letter, so that none of its
    numbers can be without one. Outside of the parts there must be none.

    Args:
        root: of the repository.
        skip: names of parts that are not made again.
    """
    text = (root / ZOO).read_text()
    problems = [
        f'{ZOO}: nothing writes the part {name!r}. Take it out, or add it to '
        'mmavssl/apis/grid/zoo.py.'
        for name in MARK.findall(text)
        if name not in PARTS
    ]
    for name, part in PARTS.items():
        if name not in skip:
            problems += compare(text, name, part, root)
    problems += [
        f'{ZOO}: {line!r} was written by hand: no result file has its numbers.'
        for line in lines_by_hand(text)
    ]
    return problems + stale_plots(root)


def compare(text: str, name: str, part: Part, root: Path) -> list[str]:
    """Return how a part differs from what it should be."""
    try:
        wanted = replace_part(text, name, part.tool, part.content(root))
    except (ConfigError, DataError) as error:
        return [f'{ZOO}, part {name!r}: {error}']
    if wanted == text:
        return []
    changes = [*difflib.unified_diff(text.splitlines(), wanted.splitlines(), n=0)][2:]
    shown = [line for sign in '-+' for line in [c for c in changes if c[0] == sign][:SHOWN]]
    hint = '\n  '.join(shown)
    return [f'{ZOO}: the part {name!r} is stale; `python {part.tool}` writes it.\n  {hint}']


def lines_by_hand(text: str) -> list[str]:
    """Return the lines outside of the parts that have measured numbers: in tables, or percent."""
    for name in MARK.findall(text):
        begin, _, rest = text.partition(f'<!-- {name}: written by ')
        text = begin + rest.partition(END.format(name=name))[2]
    return [line for line in text.splitlines() if is_measured(line)]


def is_measured(line: str) -> bool:
    """Whether a line looks as if it had a number that was measured.

    >>> [is_measured(line) for line in ('| mine | 99.9 |', 'we reach 99.9 %', '| `a_1.py` | x |')]
    [True, True, False]
    """
    bare = CODE.sub('', line)
    return bool(PERCENT.search(bare)) or ('|' in bare and bool(NUMBER.search(bare)))


def stale_plots(root: Path) -> list[str]:
    """Return which plots of grids are not there, or not of the results that are there."""
    try:
        grids = all_grids(root)
    except (ConfigError, DataError):
        return []  # the part says so
    return [
        f'{plot_file(IMAGES, grid.name)} is not there, or of other results; '
        f'`python tools/benchmark.py {path} --report` writes it.'
        for path, (grid, records) in grids.items()
        if not is_plot_of(root / plot_file(IMAGES, grid.name), grid, records)
    ]
