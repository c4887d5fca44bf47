"""What is written about a grid: its section in the model zoo."""

from collections.abc import Sequence
from pathlib import Path

from mmavssl.apis.grid.config_hash import config_hash
from mmavssl.apis.grid.grid_file import Grid, read_grid
from mmavssl.apis.grid.moves import options_of_run
from mmavssl.apis.grid.plots import plot_file
from mmavssl.apis.grid.records import Record, read_records, results_file
from mmavssl.apis.grid.tables import accuracy_table, run_table
from mmavssl.utils.errors import DataError

#: Folders from the root of the repository.
GRIDS, RESULTS, IMAGES = Path('benchmarks/grids'), Path('benchmarks/results'), Path('docs/images')


def section(
    grid: Grid, grid_file: str, results: str, records: Sequence[Record], root: Path
) -> str:
    """Return the section of a grid in Markdown.

    Args:
        grid: with the rows.
        grid_file: its path from the root of the repository.
        results: path of the results.
        records: what they are.
        root: of the repository.

    Raises:
        ConfigError: a config that cannot be read.
        DataError: there is a result of a row that the grid does not have.
    """
    check_rows(grid, grid_file, results, records)
    image = plot_file(IMAGES, grid.name).as_posix()
    compared = ''
    if grid.baseline:
        (row,) = grid.choose([grid.baseline])
        compared = f'Differences are to *{row.title or row.name}*, seed by seed. '
    parts = [
        f'### {grid.title}',
        f'{grid.note} `python tools/benchmark.py {grid_file}` runs it; results: '
        f'[{results}]({results}).'.strip(),
        accuracy_table(grid, records),
        f'{compared}{provenance(records)}{changes(grid, records, root)}',
        run_table(grid, records),
        f'![{grid.title}]({image})',
    ]
    return '\n\n'.join(parts)


def check_rows(grid: Grid, grid_file: str, results: str, records: Sequence[Record]) -> None:
    """Raise a `DataError` if there is a result of a row that the grid does not have."""
    for record in records:
        if record['row'] not in [row.name for row in grid.rows]:
            raise DataError(
                f'{results} has results of {record["row"]!r}, which is no row of {grid_file}. '
                'Take them out, or put the row in.'
            )


def provenance(records: Sequence[Record]) -> str:
    """Return on which machines and of which commits results are."""
    machines = {
        f'{record["machine"]["processor"]}, {record["machine"]["cores"]} cores'
        for record in records
    }
    commits = {commit for record in records for commit in record['commit'].split()}
    return f'Measured on {"; ".join(sorted(machines))}; commits: {", ".join(sorted(commits))}.'


def changes(grid: Grid, records: Sequence[Record], root: Path) -> str:
    """Return a sentence about results whose configs have changed since, if there are any."""
    rows = {row.name: row for row in grid.rows}
    changed = []
    for record in records:
        row = rows[record['row']]
        options = options_of_run(grid, row, record['seed'], root)
        digest = config_hash(root / row.config, options, row.test_options, root)
        if digest != record['config_hash']:
            changed.append(f'{row.name}_{record["seed"]}')
    if not changed:
        return ''
    names = ', '.join(changed)
    return f' **Their configs have changed since** (`--resume` runs them anew): {names}.'


def all_grids(root: Path) -> dict[str, tuple[Grid, list[Record]]]:
    """Return all grids that have results, and these, by the paths of the grid files.

    Raises:
        ConfigError: a grid file cannot be read.
        DataError: results cannot be read, or there is no grid for them.
    """
    files = sorted((root / GRIDS).glob('*.py'))
    grids = {path.relative_to(root).as_posix(): read_grid(path) for path in files}
    known = {results_file(root / RESULTS, grid.name) for grid in grids.values()}
    for path in sorted((root / RESULTS).glob(results_file(RESULTS, '*').name)):
        if path not in known:
            raise DataError(f'{path} has results, but no file in {GRIDS} has this name.')
    found = {
        path: (grid, read_records(results_file(root / RESULTS, grid.name)))
        for path, grid in grids.items()
    }
    return {path: (grid, records) for path, (grid, records) in found.items() if records}
