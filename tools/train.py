"""Train what a config describes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_config_arguments, if_stopped, run_tool
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch import nn


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description='Train what a config describes.',
        epilog='Exit status: 0 trained; 2 a mistake in config or data, in one line; 75 asked to '
        'leave by SIGTERM or SIGUSR1: saved, --resume goes on; 130 stopped by Ctrl-C, which saves '
        'nothing: --resume goes on from the last checkpoint. Where the reader of the output has '
        'gone, training goes on: its log is in a file.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume', nargs='?', const='auto', action='append', type=checkpoint_name,
        metavar='auto|PATH',
        help='go on from PATH, or (no value, or auto) from the newest checkpoint in the work dir; '
        'with both, from PATH where there is no newest yet',
    )  # fmt: skip
    parser.add_argument('--amp', action='store_true', help='mixed precision with bfloat16')
    parser.add_argument(
        '--fine-tune', metavar='CHECKPOINT',
        help='start from the student of another run, but for its head: its classes were others',
    )  # fmt: skip
    parser.add_argument(
        '--visualize', action='store_true',
        help='draw mixed clips, pseudo labels by class and confusions, for TensorBoard as well '
        'where it is installed',
    )  # fmt: skip
    add_config_arguments(parser)
    return parser.parse_args(argv)


def checkpoint_name(text: str) -> str:
    """Refuse a config that stands after ``--resume``, and would be missing then."""
    if text.endswith('.py'):
        raise argparse.ArgumentTypeError(
            f'expected auto or a checkpoint, but got {text!r}. Name the config before --resume'
        )
    return text


def train_config(args: argparse.Namespace) -> Config:
    """Read the config and apply the command line to it, but for ``--resume``."""
    from mmavssl.engine.hooks.preemption import leave_if_asked_before_training
    from mmavssl.utils.configs import load_config

    cfg = load_config(
        args.config, args.cfg_options, args.work_dir, args.launcher, args.safe_config
    )
    if (cfg.get('default_hooks') or {}).get('preemption'):
        leave_if_asked_before_training(cfg.work_dir)
    if args.amp:
        use_mixed_precision(cfg)
    if args.fine_tune:
        start_from(cfg, args.fine_tune)
    if args.visualize:
        draw_training(cfg)
    return cfg


def going_on(cfg: Config, resume: Sequence[str] | None) -> Config:
    """Return a copy of a config that goes on from where ``--resume`` or the config says.

    Args:
        cfg: as the run begins.
        resume: values of ``--resume``.
    """
    from mmavssl.engine.checkpoints import AUTO, checkpoint_to_resume

    cfg, wanted = deepcopy(cfg), list(resume or ())
    if cfg.get('resume'):
        wanted.insert(0, cfg.get('load_from') or AUTO)  # an argument counts more
    found = checkpoint_to_resume(cfg.work_dir, wanted) if wanted else None
    cfg.resume = found is not None  # nothing to go on from: a new run, from the config's load_from
    if found is not None:
        cfg.load_from = found
        keep_drawn_seed(cfg, found)
    return cfg


def keep_drawn_seed(cfg: Config, checkpoint: str) -> None:
    """Give a run whose config has no seed the one that it drew when it began."""
    from mmavssl.utils.checkpoints import read_checkpoint

    randomness = cfg.get('randomness') or {}
    if randomness.get('seed') is None:
        seed = read_checkpoint(checkpoint, map_location='meta')['meta'].get('seed')
        cfg.randomness = {**randomness, 'seed': seed}


def use_mixed_precision(cfg: Config) -> None:
    """Let forward passes run under bfloat16 autocast."""
    import torch

    from mmavssl.utils.errors import ConfigError

    if torch.cuda.is_available() and not torch.cuda.is_bf16_supported():
        raise ConfigError(
            '--amp is bfloat16, which this GPU does not have. Take float16 with a loss scale '
            'instead: --cfg-options optim_wrapper.type=AmpOptimWrapper'
        )
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AutocastOptimWrapper'):
        raise ConfigError(
            f'--amp replaces `optim_wrapper.type` OptimWrapper, but it is {kind!r}. Leave --amp '
            'out, or change the config.'
        )
    cfg.optim_wrapper.type = 'AutocastOptimWrapper'


def start_from(cfg: Config, checkpoint: str) -> None:
    """Let the student begin with the networks of another run and a new head.

    Raises:
        ConfigError: the model has no student that can.
    """
    from mmavssl.datasets.readers.storage import is_remote
    from mmavssl.models.recognizers import AVRecognizer
    from mmavssl.registry import MODELS
    from mmavssl.utils.components import component_of
    from mmavssl.utils.errors import ConfigError

    student = cfg.model.get('student') or {}
    kind = student.get('type')
    if kind is None or not issubclass(component_of(kind, MODELS), AVRecognizer):
        raise ConfigError(
            f'--fine-tune starts an AVRecognizer, but `model.student` is a {kind}. Set `init_cfg` '
            'of its backbones instead.'
        )
    if not is_remote(checkpoint) and not Path(checkpoint).is_file():
        raise ConfigError(f'--fine-tune: {checkpoint} does not exist. Correct the path.')
    for part in student.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)  # would be read for nothing
    student.init_cfg = dict(type='Pretrained', checkpoint=checkpoint, drop=['head.*'])


def draw_training(cfg: Config) -> None:
    """Let a hook draw what scalars do not show; what the config says of it stays."""
    from importlib.util import find_spec

    hook = cfg.setdefault('default_hooks', {}).get('visualization') or {}
    cfg.default_hooks.visualization = {'type': 'SSLVisualizationHook', **hook}
    visualizer = cfg.get('visualizer') or {}
    backends = list(visualizer.get('vis_backends') or [{'type': 'LocalVisBackend'}])
    board = 'TensorboardVisBackend'
    if find_spec('tensorboard') and board not in [each.get('type') for each in backends]:
        backends.append({'type': board})
    own = visualizer.get('type', 'Visualizer') != 'Visualizer'  # the hook says what does not fit
    kind = visualizer['type'] if own else 'ASLVisualizer'
    cfg.visualizer = {**visualizer, 'type': kind, 'vis_backends': backends}


def check_model(model: nn.Module, load_from: str | None, fine_tune: bool) -> None:
    """Raise a ConfigError if a model cannot learn, or a checkpoint to begin with does not fit.

    Args:
        model: whose parameters need no values.
        load_from: a checkpoint of all of it.
        fine_tune: whether the student begins with another run's, see `start_from`.
    """
    from mmavssl.models.recognizers.weights import take_recognizer
    from mmavssl.models.utils.pretrained import check_pretrained
    from mmavssl.utils.checkpoints import check_checkpoint_fits
    from mmavssl.utils.errors import ConfigError

    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError(
            f'model: there is nothing to train, as {type(model).__name__} has no parameters that '
            'learn. tools/test.py tests it as it is.'
        )
    if load_from:
        check_checkpoint_fits(model, load_from)
    elif fine_tune:
        check_pretrained(model.student, model.student.init_cfg, take_recognizer)


def train(args: argparse.Namespace) -> int:
    """Check everything that can be checked before, then train; return the exit status."""
    from mmavssl.datasets.clip_check import check_clips
    from mmavssl.engine.hooks.preemption import LEFT
    from mmavssl.utils.build_runner import model_shapes
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.data_check import check_files
    from mmavssl.utils.distributed import join_cpu_processes, leave_processes
    from mmavssl.utils.launchers import rank_of
    from mmavssl.utils.work_dir_lock import work_dir_in_use

    begun = train_config(args)
    cfg = going_on(begun, args.resume)
    check_config(cfg)
    check_files(cfg)
    check_clips(cfg, ('train_dataloader', 'val_dataloader'))
    shapes = model_shapes(cfg)
    if shapes is not None:
        check_model(shapes, cfg.get('load_from'), bool(args.fine_tune))
    is_first = rank_of(args.launcher) == 0
    with (
        if_stopped('--resume goes on from the last checkpoint.'),
        work_dir_in_use(cfg.work_dir) if is_first else nullcontext(),
    ):
        join_cpu_processes(cfg)
        is_preempted = run_training(begun, cfg, args, is_checked=shapes is not None)
        leave_processes()
    return LEFT if is_preempted else 0


def run_training(
    begun: Config, cfg: Config, args: argparse.Namespace, is_checked: bool
) -> bool:
    """Build the Runner, train, and return whether it was asked to leave before the end.

    Args:
        begun: the config as the run began, which the work dir keeps.
        cfg: the same, going on from a checkpoint if asked to.
        args: the command line.
        is_checked: whether `check_model` has seen the shapes of the model.
    """
    from mmavssl.apis.training_warnings import closing_warnings, training_warnings
    from mmavssl.engine.hooks.epoch_boundary import check_epochs
    from mmavssl.engine.hooks.progress_bar import shown_progress
    from mmavssl.engine.runner_parts import algorithm_of
    from mmavssl.utils.build_runner import build_for_training, build_runner, write_config

    runner = build_runner(cfg)
    copy = Path(runner.work_dir, Path(begun.filename).name)
    if not (cfg.get('resume') and copy.exists()):  # which says how the run began
        write_config(begun, copy)
    if not is_checked:
        check_model(algorithm_of(runner), cfg.get('load_from'), bool(args.fine_tune))
    check_epochs(runner)
    build_for_training(runner)
    if runner.rank == 0:
        for warning in training_warnings(cfg, algorithm_of(runner)):
            runner.logger.warning(warning)
    with shown_progress(runner):
        runner.train()
    warnings = closing_warnings(algorithm_of(runner))  # which all processes count together
    if runner.rank == 0:
        for warning in warnings:
            runner.logger.warning(warning)
    return getattr(runner.train_loop, 'is_preempted', False)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('train', train, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
