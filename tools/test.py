"""Test a checkpoint: 5 clips x 3 crops per video by default, averaged.

A localizer that has nothing to load, as it is no network, is tested without one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavssl.utils.cli import add_config_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmengine.config import Config
    from mmengine.runner import Runner
    from torch import nn


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Test a checkpoint: 5 clips x 3 crops per video by default, averaged.'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint', nargs='?',
        help='checkpoint of a training run; left out for models that have no tensors',
    )  # fmt: skip
    parser.add_argument(
        '--use', choices=('student', 'teacher', 'both'),
        help="network to test; default: the config's `model.test_with`, both if it has none",
    )  # fmt: skip
    parser.add_argument('--out', type=given_path, help='JSON file for the metrics')
    parser.add_argument('--dump', help='JSON file with per-class accuracy and confusion matrices')
    add_config_arguments(parser)
    return parser.parse_intermixed_args(argv)


def test_config(args: argparse.Namespace) -> Config:
    """Read the config, check it and apply the command line to it."""
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.configs import load_config
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.tested_network import network_to_test, set_tested_network

    cfg = load_config(
        args.config, args.cfg_options, args.work_dir, args.launcher, args.safe_config
    )
    check_config(cfg)
    if cfg.get('test_dataloader') is None:
        raise ConfigError(f'{args.config} has no `test_dataloader`: there is nothing to test.')
    use = network_to_test(cfg, args.use, args.checkpoint)
    if use:
        set_tested_network(cfg, use)
    if args.dump:
        dump_confusion(cfg, args.dump)
    cfg.load_from, cfg.resume = args.checkpoint, False
    if args.checkpoint:
        drop_initial_weights(cfg.model)
    return cfg


def dump_confusion(cfg: Config, path: str) -> None:
    """Let the accuracy metric write its file."""
    from mmavssl.utils.errors import ConfigError

    evaluators = cfg.test_evaluator
    evaluators = [evaluators] if isinstance(evaluators, Mapping) else evaluators
    accuracy = next((e for e in evaluators if e.get('type') == 'MultiViewAccuracy'), None)
    if accuracy is None:
        raise ConfigError('--dump needs a MultiViewAccuracy in `test_evaluator`.')
    accuracy['dump'] = path


def drop_initial_weights(node: Any) -> None:
    """Take out what a checkpoint replaces, and the weights of the localizer, which is not used."""
    if isinstance(node, dict):
        if isinstance(node.get('init_cfg'), dict):
            node['init_cfg'] = None
        for child in node.values():
            drop_initial_weights(child)


def check_weights(model: nn.Module, checkpoint: str | None) -> None:
    """Raise a ConfigError unless the checkpoint has all of a model, or the model needs none."""
    from mmavssl.utils.checkpoints import check_checkpoint_fits, check_needs_no_checkpoint

    if checkpoint:
        check_checkpoint_fits(model, checkpoint)
    else:
        check_needs_no_checkpoint(model)


def check_files_to_write(args: argparse.Namespace) -> None:
    """Raise a ConfigError if a file cannot be written after the work."""
    from mmavssl.utils.errors import ConfigError
    from mmavssl.utils.launchers import rank_of
    from mmavssl.utils.outputs import check_output

    if args.out and args.dump and args.out.resolve() == Path(args.dump).resolve():
        raise ConfigError(f'{args.out} cannot be both --out and --dump. Name two files.')
    for path in (args.out, args.dump):
        if path and rank_of(args.launcher) == 0:  # the process that writes them
            check_output(path)


def record_config(runner: Runner) -> None:
    """Write the tested config beside the log: the one in the work dir is that of the training."""
    from mmavssl.utils.build_runner import write_config

    file = Path(runner.log_dir, 'vis_data', 'config.py')
    if not file.exists():  # MMEngine's LocalVisBackend, which a config may leave out, writes it
        write_config(runner.cfg, file)


def test(args: argparse.Namespace) -> None:
    """Check everything that can be checked before, then test and report."""
    from mmavssl.datasets.clip_check import check_clips
    from mmavssl.utils.build_runner import model_shapes
    from mmavssl.utils.checkpoints import parameter_shapes
    from mmavssl.utils.data_check import check_files
    from mmavssl.utils.distributed import join_cpu_processes, leave_processes

    check_files_to_write(args)
    cfg = test_config(args)
    if args.checkpoint:
        parameter_shapes(args.checkpoint)  # or an error
    check_files(cfg, training=False)
    check_clips(cfg, ('test_dataloader',))
    shapes = model_shapes(cfg)
    if shapes is not None:
        check_weights(shapes, args.checkpoint)
    join_cpu_processes(cfg)
    run_testing(cfg, args, is_checked=shapes is not None)
    leave_processes()


def run_testing(cfg: Config, args: argparse.Namespace, is_checked: bool) -> None:
    """Build the Runner, test and report.

    Args:
        cfg: the config.
        args: the command line.
        is_checked: whether `check_weights` has seen the shapes of the model.
    """
    from mmengine.dist import is_main_process

    from mmavssl.engine.hooks.progress_bar import shown_progress
    from mmavssl.utils.build_runner import build_for_testing, build_runner
    from mmavssl.utils.outputs import write_output

    runner = build_runner(cfg)
    record_config(runner)
    build_for_testing(runner)
    if not is_checked:
        check_weights(runner.model, args.checkpoint)
    if not args.checkpoint:
        runner.model.init_weights()  # what is kept out of checkpoints
    with shown_progress(runner):
        metrics = runner.test()
    if is_main_process():
        for name, value in metrics.items():
            print(f'{name}: {value:.2f}')
        if args.out:
            write_output(args.out, json.dumps(metrics, indent=2) + '\n')


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('test', test, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
