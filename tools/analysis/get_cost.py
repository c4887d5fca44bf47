"""Print parameters and multiply-adds of a config.

Example:
    python tools/analysis/get_cost.py configs/asl_mix/ucf51_1shot.py
    python tools/analysis/get_cost.py configs/asl_mix/ucf51_1shot.py --convention full --json
"""

import argparse
import json
import sys
from collections.abc import Sequence

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import CONVENTIONS, Cost, estimate_cost
from mmavssl.utils.errors import ConfigError


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Print parameters and multiply-adds (forward passes of one clip per view).'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--convention',
        choices=CONVENTIONS,
        default='paper',
        help="'paper': as Table 2 of the paper counts; 'full': every convolution and product of "
        'matrices of our iteration, those of attention included (no norms, no activations)',
    )
    parser.add_argument('--json', action='store_true', help='print four figures as JSON')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to the config'
    )
    return parser.parse_args(argv)


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
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    try:
        cfg = load_config(args.config, args.cfg_options)
        check_config(cfg)
        cost = estimate_cost(cfg, args.convention)
    except ConfigError as error:
        print(f'get_cost: {error}', file=sys.stderr)
        return 2
    if args.json:
        figures = ('params_total', 'params_trainable', 'gmacs_forward', 'gmacs_iteration')
        print(json.dumps({name: round(getattr(cost, name), 6) for name in figures}))
    else:
        print(report(args.config, args.convention, cost))
    return 0


if __name__ == '__main__':
    sys.exit(main())
