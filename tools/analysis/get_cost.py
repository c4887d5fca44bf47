"""Print parameters and multiply-adds of a config, or of all configs.

Example:
    python tools/analysis/get_cost.py configs/asl_mix/ucf51_1shot.py
    python tools/analysis/get_cost.py configs/asl_mix/ucf51_1shot.py --convention full --json
    python tools/analysis/get_cost.py --all --zoo model_zoo.md
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.managed_text import replace_part

if TYPE_CHECKING:
    from mmavssl.utils.cost import Cost

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
ZOO_TOOL = 'tools/analysis/get_cost.py --all --zoo model_zoo.md'
#: As in mmavssl.utils.cost, whose import takes seconds.
CONVENTIONS = ('paper', 'full')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Print parameters and multiply-adds (forward passes of one clip per view).'
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument('config', nargs='?', help='config file')
    what.add_argument('--all', action='store_true', help='all configs of configs/, as tables')
    parser.add_argument(
        '--convention',
        choices=CONVENTIONS,
        help="'paper' (default): as Table 2 of the paper counts; 'full': every convolution and "
        'product of matrices of our iteration, those of attention included (no norms, no '
        'activations); --all gives both',
    )
    parser.add_argument('--json', action='store_true', help='print the figures as JSON')
    parser.add_argument(
        '--zoo', type=given_path, metavar='FILE',
        help='write the tables of --all into this file, too',
    )  # fmt: skip
    add_reading_arguments(parser)
    args = parser.parse_args(argv)
    if args.all and (args.convention or args.cfg_options):
        parser.error('--convention and --cfg-options are of one config, not of --all')
    if args.zoo and not args.all:
        parser.error('--zoo needs --all')
    return args


def report(config: str, convention: str, cost: Cost) -> str:
    """Format the figures as text."""
    lines = [f'{config} (convention: {convention})', 'Parameters (M)']
    kinds = [('trained network', cost.params_total)]
    if cost.params_trainable != cost.params_total:
        kinds.append(('  of which trainable', cost.params_trainable))
    if 'weak view (teacher)' in cost.iteration:
        kinds.append(('teacher (its moving average)', cost.params_total))
    if cost.params_localizer:
        kinds.append(('localizer (frozen)', cost.params_localizer))
    lines += [f'  {name:<36} {value / 1e6:10.3f}' for name, value in kinds]
    for title, values, total in (
        ('One forward, multiply-adds (G)', cost.forward, cost.gmacs_forward),
        ('One training iteration, multiply-adds (G)', cost.iteration, cost.gmacs_iteration),
    ):
        lines.append(title)
        lines += [f'  {name:<36} {value / 1e9:10.3f}' for name, value in values.items()]
        lines.append(f'  {"sum":<36} {total:10.3f}')
    if cost.doubt:
        lines.append(f'  ({cost.doubt})')
    return '\n'.join(lines)


def run_one(args: argparse.Namespace) -> None:
    """Print the cost of one config."""
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.cost import estimate_cost

    cfg = load_config(args.config, args.cfg_options, safe=args.safe_config)
    check_config(cfg)
    convention = args.convention or CONVENTIONS[0]
    cost = estimate_cost(cfg, convention)
    if args.json:
        figures = ('params_total', 'params_trainable', 'gmacs_forward', 'gmacs_iteration')
        print(json.dumps({name: round(getattr(cost, name), 6) for name in figures}))
        if cost.doubt:
            print(f'get_cost: {cost.doubt}', file=sys.stderr)
    else:
        print(report(args.config, convention, cost))


def run_all(args: argparse.Namespace) -> None:
    """Print the costs of all configs, and write them into the model zoo."""
    from mmavssl.utils.cost_table import cost_rows, cost_table, published_table

    rows = cost_rows(CONFIGS, progress=True)
    tables = {'costs in the paper': published_table(rows), 'costs': cost_table(rows)}
    if args.zoo:
        args.zoo.write_text(with_tables(args.zoo.read_text(), tables))
    print(json.dumps(rows, indent=2) if args.json else '\n\n'.join(tables.values()))


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return the text of the model zoo with these tables in their places."""
    for name, table in tables.items():
        text = replace_part(text, name, ZOO_TOOL, table)
    return text


def run(args: argparse.Namespace) -> None:
    """Print what was asked for."""
    import mmavssl.datasets
    import mmavssl.models  # noqa: F401  (both fill the registries)

    run_all(args) if args.all else run_one(args)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('get_cost', run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
