"""Run a grid of configs and seeds, and write the tables and plots of its results.

Example:
    python tools/benchmark.py benchmarks/grids/table2_small.py --seeds 0 1 2 --resume
    python tools/benchmark.py benchmarks/grids/table2_small.py --report
    python tools/benchmark.py --write-zoo
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

ROOT = Path(__file__).resolve().parents[1]
#: Exit status where the process was asked to end, as that of tools/train.py.
LEFT = 75


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Run a grid of configs and seeds, one process each; results are lines of '
        'benchmarks/results/grid_<name>.jsonl. Then write its table and its plot.',
        epilog='Exit status: 0 done; 1 runs have failed, which are named at the end, or the model '
        'zoo is not what it should be; 2 a mistake, in one line; 75 asked to leave by SIGTERM: '
        '--resume goes on; 141 the reader of the output has gone.',
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        'grid', nargs='?', type=given_path,
        help='such as those of benchmarks/grids; of a clone alone, a wheel has none',
    )  # fmt: skip
    what.add_argument(
        '--write-zoo', action='store_true', help='write the accuracies of model_zoo.md'
    )
    what.add_argument(
        '--check-zoo', action='store_true',
        help='compare model_zoo.md with the files that its numbers are from',
    )  # fmt: skip
    parser.add_argument('--seeds', type=int, nargs='+', help="default: the grid's")
    parser.add_argument('--only', nargs='+', metavar='ROW', help='some of the rows')
    parser.add_argument(
        '--order', choices=('seeds', 'rows'), default='seeds',
        help='seeds (default): all rows with a seed before the next seed, so that a grid that is '
        'stopped has whole comparisons; rows: all seeds of a row before the next row',
    )  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument('--resume', action='store_true', help='run what has no result yet')
    how.add_argument('--overwrite', action='store_true', help='run everything anew')
    how.add_argument('--report', action='store_true', help='write table and plot alone')
    parser.add_argument(
        '--work-dir', type=given_path, default=Path('work_dirs/grids'),
        help='logs and checkpoints, from the root of the repository (default: work_dirs/grids)',
    )  # fmt: skip
    return parser.parse_args(argv)


def run(args: argparse.Namespace) -> int:
    """Run what is missing, then write table and plot; return the exit status."""
    from mmavssl.apis.grid.grid_file import read_grid
    from mmavssl.apis.grid.report import RESULTS
    from mmavssl.apis.grid.run_one import Tools
    from mmavssl.apis.grid.runner import GridRunner

    grid, failures = read_grid(args.grid), {}
    if not args.report:
        runner = GridRunner(
            grid, Tools(ROOT), ROOT / RESULTS, args.work_dir / grid.name, say,
            args.resume, args.overwrite, progress=True,
        )  # fmt: skip
        failures = runner.run(args.seeds or grid.seeds, args.only, args.order)
    report(args.grid)
    for name, why in failures.items():
        print(f'benchmark: {name}: {why}', file=sys.stderr)
    return 1 if failures else 0


def report(path: Path) -> None:
    """Print the section of a grid, and draw its plot.

    Raises:
        DataError: results that are no results of this grid.
    """
    from mmavssl.apis.grid.grid_file import read_grid
    from mmavssl.apis.grid.plots import draw_grid, plot_file
    from mmavssl.apis.grid.records import read_records, results_file
    from mmavssl.apis.grid.report import IMAGES, RESULTS, section

    grid = read_grid(path)
    results = results_file(RESULTS, grid.name)
    records = read_records(ROOT / results)
    if not records:
        say(f'{results} has no results.')
        return
    say(section(grid, str(path), results.as_posix(), records, ROOT))
    draw_grid(grid, records, plot_file(ROOT / IMAGES, grid.name))


def write_zoo(args: argparse.Namespace) -> None:
    """Write the accuracies of the model zoo."""
    from mmavssl.apis.grid import zoo

    zoo.write_zoo(ROOT)


def check_zoo(args: argparse.Namespace) -> int:
    """Print what is wrong with the model zoo; return the exit status."""
    from mmavssl.apis.grid import zoo

    problems = zoo.check_zoo(ROOT)
    for problem in problems:
        print(f'benchmark: {problem}', file=sys.stderr)
    return 1 if problems else 0


def refuse(args: argparse.Namespace) -> None:
    """Say that an installed package has neither grids nor a place for their results."""
    from mmavssl.utils.errors import ConfigError

    raise ConfigError(
        'Grids and their results are in benchmarks/ of the repository, which an installed package '
        'has not. Clone the repository, pip install -e . there, and run it there.'
    )


def say(line: str) -> None:
    """Print a line now."""
    print(line, flush=True)


def leave(number: int, frame: FrameType | None) -> None:
    """Answer SIGTERM: what runs is asked to end, and waited for, on the way out."""
    raise SystemExit(LEFT)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    job = write_zoo if args.write_zoo else check_zoo if args.check_zoo else run
    job = refuse if ROOT.name == '.mim' else job
    signal.signal(signal.SIGTERM, leave)
    return run_tool('benchmark', job, args)


if __name__ == '__main__':
    sys.exit(main())
