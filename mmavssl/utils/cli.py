"""What the command-line tools share; imports nothing heavy, so that ``--help`` is fast."""

import argparse
import os
import sys
from collections.abc import Callable

from mmavssl.utils.errors import ConfigError, DataError


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--work-dir``, ``--cfg-options`` and ``--launcher``, as OpenMMLab's tools have them."""
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='changes to the config, e.g. model.mixer.alpha=5.0 train_dataloader.num_workers=4',
    )
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='how the processes were started',
    )
    # `python -m torch.distributed.launch` passes it; torchrun sets the variable itself.
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def run_tool(
    name: str, job: Callable[[argparse.Namespace], None], args: argparse.Namespace
) -> int:
    """Run a job and return the exit status of the tool.

    A mistake of the user's is one line on stderr, of the first process alone, and status 2.

    Args:
        name: of the tool, for the message.
        job: what it does.
        args: of `add_config_arguments` and the tool's own.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        job(args)
    except (ConfigError, DataError) as error:
        if os.environ.get('RANK', '0') == '0':
            print(f'{name}: {error}', file=sys.stderr)
        return 2
    return 0
