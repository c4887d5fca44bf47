"""Test a checkpoint: 5 clips x 3 crops per video by default, averaged."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Test a checkpoint.')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint of tools/train.py')
    parser.add_argument(
        '--use', choices=('student', 'teacher', 'both'), default='both',
        help='network to test; both costs twice the time',
    )  # fmt: skip
    parser.add_argument('--work-dir', help='folder of logs')
    parser.add_argument('--out', type=Path, help='JSON file for the metrics')
    parser.add_argument('--dump', help='JSON file with per-class accuracy and confusion matrices')
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


def test_config(args: argparse.Namespace):
    """Read the config and apply the command line to it."""
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.errors import ConfigError

    cfg = load_config(args.config, args.cfg_options, args.work_dir, args.launcher)
    if not Path(args.checkpoint).is_file():
        raise ConfigError(f'{args.checkpoint} does not exist. Train it: tools/train.py {args.config}')
    if 'test_dataloader' not in cfg:
        raise ConfigError(f'{args.config} has no `test_dataloader`: there is nothing to test.')
    if cfg.model.type == 'SemiSupervisedRecognizer':
        cfg.model.test_with = args.use
    if args.dump:
        cfg.test_evaluator.dump = args.dump
    cfg.load_from = args.checkpoint
    _drop_initial_weights(cfg.model)
    return cfg


def _drop_initial_weights(node) -> None:
    """Initial weights are not read where a checkpoint replaces them; the localizer is not used."""
    if isinstance(node, dict):
        if isinstance(node.get('init_cfg'), dict):
            node['init_cfg'] = None
        for child in node.values():
            _drop_initial_weights(child)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    args = parse_args(argv)
    from mmengine.dist import is_main_process
    from mmengine.runner import Runner

    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.data_check import check_files
    from mmavssl.utils.errors import ConfigError, DataError

    try:
        cfg = test_config(args)
        check_config(cfg)
        check_files(cfg, training=False)
        metrics = Runner.from_cfg(cfg).test()
    except (ConfigError, DataError) as error:
        print(f'test: {error}', file=sys.stderr)
        return 2
    if is_main_process():
        for name, value in metrics.items():
            print(f'{name}: {value:.2f}')
        if args.out:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            args.out.write_text(json.dumps(metrics, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
