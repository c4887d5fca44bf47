"""Tables of the results of a grid: means and deviations over seeds, and differences in pairs."""

from collections.abc import Callable, Sequence

import numpy as np

from mmavssl.apis.grid.grid_file import Grid, Row
from mmavssl.apis.grid.records import Record
from mmavssl.utils.markdown import markdown_table
from mmavssl.utils.roles import ROLES

#: Values by seed.
Values = dict[int, float]
#: What the second table has: title, the value in a record or None, and its format.
RUN_COLUMNS: list[tuple[str, Callable[[Record], float | None], str]] = [
    ('pass rate', lambda record: record['log'].get('pass_rate'), '.2f'),
    ('pseudo-label accuracy', lambda record: record['log'].get('pseudo_label_acc'), '.1f'),
    ('mix ratio', lambda record: record['log'].get('mix_ratio'), '.2f'),
    ('training (s)', lambda record: record['train_seconds'], '.0f'),
    ('test (s)', lambda record: record['test_seconds'], '.0f'),
    ('memory (MB)', lambda record: record['peak_mb'], '.0f'),
    ('GPU (MB)', lambda record: record['log'].get('gpu_mb'), '.0f'),
]


def top1(records: Sequence[Record], row: str, network: str, which: str = 'last') -> Values:
    """Return the top-1 accuracies of a network by seed, none where there is no such network.

    Args:
        records: results of a grid.
        row: its name.
        network: ``student`` or ``teacher``.
        which: ``last`` checkpoint, or ``best`` validation.
    """
    found = {
        record['seed']: (record.get(network) or {}).get(which)
        for record in records
        if record['row'] == row
    }
    return {seed: metrics['top1'] for seed, metrics in sorted(found.items()) if metrics}


def differences(values: Values, baseline: Values) -> Values:
    """Return differences by seed, of the seeds that both have.

    >>> differences({0: 3.0, 1: 5.0}, {1: 1.0, 2: 7.0})
    {1: 4.0}
    """
    return {seed: value - baseline[seed] for seed, value in values.items() if seed in baseline}


def mean_and_std(values: Sequence[float], number: str = '.1f') -> str:
    """Return mean and sample deviation as text; one value has no deviation, and none no text.

    >>> mean_and_std([1.0, 3.0]), mean_and_std([2.0]), mean_and_std([])
    ('2.0 ± 1.4', '2.0', '')
    """
    if not values:
        return ''
    mean = f'{np.mean(values):{number}}'
    if len(values) == 1:
        return mean
    return f'{mean} ± {np.std(values, ddof=1):{number.lstrip("+")}}'


def accuracy_table(grid: Grid, records: Sequence[Record]) -> str:
    """Return the table of top-1 accuracies.

    A difference over fewer seeds than the row has says over how many. The paper's own figures have
    a column that says whose they are.
    """
    columns: dict[str, Callable[[Row], str]] = {'': row_title, 'seeds': seeds_of(records)}
    for network in ROLES:
        columns[network] = accuracy_of(records, network, 'last')
    if grid.baseline:
        for network in ROLES:
            columns[f'{network}, difference'] = difference_of(grid, records, network)
    for network in ROLES:
        columns[f'{network}, best'] = accuracy_of(records, network, 'best')
    columns[f'paper ({grid.paper}), not measured here'] = paper_of
    return table_of(grid.rows, columns)


def row_title(row: Row) -> str:
    """Return title and config of a row."""
    return f'{row.title or row.name} (`{row.config.removeprefix("configs/")}`)'


def paper_of(row: Row) -> str:
    """Return the paper's figure as the paper has it."""
    return '' if row.paper is None else f'{row.paper:.2f}'


def seeds_of(records: Sequence[Record]) -> Callable[[Row], str]:
    """Return what gives the number of seeds of a row."""
    return lambda row: str(sum(record['row'] == row.name for record in records))


def accuracy_of(records: Sequence[Record], network: str, which: str) -> Callable[[Row], str]:
    """Return what gives the accuracy of a row."""
    return lambda row: mean_and_std([*top1(records, row.name, network, which).values()])


def difference_of(grid: Grid, records: Sequence[Record], network: str) -> Callable[[Row], str]:
    """Return what gives the difference of a row to the baseline, seed by seed."""

    def cell(row: Row) -> str:
        if row.name == grid.baseline:
            return ''
        values = top1(records, row.name, network)
        pairs = differences(values, top1(records, grid.baseline, network))
        text = mean_and_std([*pairs.values()], '+.1f')
        return f'{text} ({len(pairs)} of {len(values)})' if 0 < len(pairs) < len(values) else text

    return cell


def run_table(grid: Grid, records: Sequence[Record]) -> str:
    """Return the table of what the runs took, and of what they logged over their last quarter."""
    columns: dict[str, Callable[[Row], str]] = {'': lambda row: row.title or row.name}
    for title, look, number in RUN_COLUMNS:

        def cell(row: Row, look: Callable = look, number: str = number) -> str:
            values = [look(record) for record in records if record['row'] == row.name]
            return mean_and_std([value for value in values if value is not None], number)

        columns[title] = cell
    return table_of(grid.rows, columns)


def table_of(rows: Sequence[Row], columns: dict[str, Callable[[Row], str]]) -> str:
    """Return a table in Markdown without the columns that are empty."""
    cells = {title: [cell(row) for row in rows] for title, cell in columns.items()}
    kept = {title: column for title, column in cells.items() if any(column)}
    return markdown_table([*kept], [*zip(*kept.values(), strict=True)])
