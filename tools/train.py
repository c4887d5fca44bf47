"""Train what a config describes."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Train what a config describes.')
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--resume', nargs='?', const='auto',
        help='go on from the newest checkpoint in the work dir (no value, or auto) or from PATH',
    )  # fmt: skip
    parser.add_argument('--amp', action='store_true', help='mixed precision (needs CUDA)')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to the config'
    )
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none',
        help='how the processes were started',
    )  # fmt: skip
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def load_config(args: argparse.Namespace):
    """Read the config and apply the command line to it."""
    import torch

    from mmavssl.utils.configs import load_config

    cfg = load_config(args.config, args.cfg_options, args.work_dir, args.launcher)
    if args.amp:
        if not torch.cuda.is_available():
            raise SystemExit('train: --amp needs a CUDA device; leave it out on a CPU.')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume:
        cfg.resume = True
        if args.resume != 'auto':
            if not Path(args.resume).is_file():
                raise SystemExit(f'train: --resume {args.resume}: there is no such file.')
            cfg.load_from = args.resume
    return cfg


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    from mmengine.runner import Runner

    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.data_check import check_files
    from mmavssl.utils.errors import ConfigError, DataError

    try:
        cfg = load_config(args)
        check_config(cfg)
        check_files(cfg)
        Runner.from_cfg(cfg).train()
    except (ConfigError, DataError) as error:
        print(f'train: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
