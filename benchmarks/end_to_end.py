"""Measure how long training waits for data, with ViT-B networks on AVSprites.

    python benchmarks/end_to_end.py [--device cuda] [--config configs/...] [--json]

The config's networks, pipelines and hooks train on generated clips, by MMEngine's Runner.
``data_share`` is the share of an iteration in which the main process waits for a batch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from machine import describe_machine
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.splits import make_split
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import without_init_cfg

ROOT = Path(__file__).parents[1]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--config', default='configs/asl_mix/ucf51_1shot.py')
    parser.add_argument('--device', default='cpu', choices=('cpu', 'cuda'))
    parser.add_argument('--batch-size', type=int, default=3, help='clips of an iteration')
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--iterations', type=int, default=5)
    parser.add_argument('--json', action='store_true', help='print JSON instead of text')
    args = parser.parse_args(argv)
    if args.device == 'cpu' and torch.cuda.is_available():
        parser.error('MMEngine trains on the GPU; hide it: CUDA_VISIBLE_DEVICES= python ...')
    return args


def make_config(args: argparse.Namespace, folder: Path) -> Config:
    """Return the config with generated clips, for some iterations of one epoch."""
    cfg = load_config(str(ROOT / args.config), work_dir=str(folder / 'work'))
    data = folder / 'data'
    generate(data, AVSpritesConfig(get_recipe('default'), num_train=48, num_test=8))
    make_split(data / 'manifest_train.csv', data / 'classes.txt', data / 'split', shots=1)
    train = cfg.train_dataloader
    for name in ('labeled', 'unlabeled'):
        train.dataset[name].update(data_root=str(data), ann_file=f'split/{name}.csv')
    train.update(batch_size=args.batch_size, num_workers=args.workers)
    train.batch_sampler.ratio = (1, 2)
    train.sampler = dict(type='TwoStreamSampler', epoch_over=args.iterations)
    cfg.model = without_init_cfg(cfg.model.to_dict())
    cfg.model.student.head.num_classes = len((data / 'classes.txt').read_text().split())
    cfg.model.warmup_epochs = 0
    cfg.train_cfg = dict(type='ResumableTrainLoop', max_epochs=1)
    cfg.optim_wrapper.update(accumulative_counts=1)
    if args.device == 'cuda':
        cfg.optim_wrapper.type = 'AutocastOptimWrapper'
    cfg.default_hooks.checkpoint.interval = -1
    cfg.default_hooks.checkpoint.save_last = False
    cfg.log_level = 'ERROR'
    for name in ('val', 'test'):
        for part in ('dataloader', 'cfg', 'evaluator'):
            cfg.pop(f'{name}_{part}', None)
    return cfg


class Times(Hook):
    """Keep how long each iteration took, and how long it waited for its batch."""

    priority = 'LOW'

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Read what MMEngine's timer has noted."""
        scalars = runner.message_hub.log_scalars
        self.times.append((scalars['train/time'].current(), scalars['train/data_time'].current()))


def measure(args: argparse.Namespace) -> dict:
    """Train, and compare what the iterations took; the first one starts the workers."""
    times = Times()
    with TemporaryDirectory() as folder:
        cfg = make_config(args, Path(folder))
        runner = Runner.from_cfg(cfg)
        runner.register_hook(times)
        runner.train()
    seconds, waiting = (statistics.median(part) for part in zip(*times.times[1:], strict=True))
    return {
        'machine': describe_machine(),
        'device': args.device,
        'config': args.config,
        'batch_size': args.batch_size,
        'workers': args.workers,
        'iteration_seconds': round(seconds, 4),
        'data_seconds': round(waiting, 5),
        'data_share': round(waiting / seconds, 5),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    result = measure(args)
    text = (
        f'{100 * result["data_share"]:.2f} % of an iteration of {result["iteration_seconds"]} s '
        'waits for data'
    )
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
