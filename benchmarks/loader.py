"""Measure the data loader against a plain one: samples a second of one core, in one run."""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from machine import describe_machine
from media import KINDS, write_files
from mmcv.transforms import Compose
from mmengine.config import Config
from reference_loader import test_views, train_sample
from torchvision.transforms import v2

from mmavssl.registry import TRANSFORMS

PIPELINES = Path(__file__).parents[1] / 'configs' / '_base_' / 'pipelines'
# SVFormer's released loader has no RandAugment, and warps time on the device.
REPEATS = 3
NOT_IN_REFERENCE = ('RandAugment', 'TWAug')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--files', type=int, default=4, help='files of each size')
    parser.add_argument('--rounds', type=int, default=6, help='times that each is read in turn')
    parser.add_argument('--backend', choices=('pyav', 'decord'), default='pyav')
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    return parser.parse_args(argv)


def without(transforms: list[dict], left_out: Sequence[str]) -> list[dict]:
    """Return the configs of transforms without some types, in the views as well."""
    kept = [copy.deepcopy(each) for each in transforms if each['type'] not in left_out]
    for each in kept:
        if each['type'] == 'MultiView':
            for view in ('weak', 'strong'):
                each[view] = without(each[view], left_out)
    return kept


def build(name: str, key: str, backend: str, left_out: Sequence[str] = ()) -> Callable:
    """Build a shipped pipeline as a function of a path."""
    transforms = without(Config.fromfile(PIPELINES / name)[key], left_out)
    transforms[0]['backend'] = backend
    pipeline = Compose([TRANSFORMS.build(each) for each in transforms])
    return lambda path: pipeline({'video_path': path, 'sample_idx': 0, 'source': 'unlabeled'})


def contenders(backend: str) -> dict[str, Callable]:
    """Return what is measured: functions of a path."""
    rng = np.random.default_rng(0)
    augment = v2.RandAugment(2, 9)
    own, one = 'audio_visual_224.py', 'audio_visual_224_one_window.py'
    key = 'unlabeled_pipeline'
    return {
        'plain': lambda path: train_sample(path, rng),
        'shared': build(one, key, backend, NOT_IN_REFERENCE),
        'independent': build(own, key, backend, NOT_IN_REFERENCE),
        'plain_augmented': lambda path: train_sample(path, rng, augment),
        'shared_augmented': build(one, key, backend),
        'independent_augmented': build(own, key, backend),
        'plain_test': test_views,
        'test_views': build(own, 'test_pipeline', backend),
    }


def measure(paths: Sequence[Path], rounds: int, backend: str) -> dict[str, float]:
    """Return the mean seconds of a sample for each contender; they take turns, file by file."""
    jobs = contenders(backend)
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for path in paths:
            for name, job in jobs.items():
                if name == 'plain_test' and turn > 2:
                    continue  # 15 times as slow as the others
                # The cost depends on the windows that are drawn: ours is cheap to draw often.
                times = 1 if name.startswith('plain') or not turn else REPEATS
                begin = time.perf_counter()
                for _ in range(times):
                    job(str(path))
                if turn:  # the first one warms up
                    seconds[name].append((time.perf_counter() - begin) / times)
    return {name: float(np.mean(values)) for name, values in seconds.items()}


def ratios(kind: str, seconds: dict[str, float]) -> dict[str, float]:
    """Return how many times as fast as the plain loader each pipeline is."""
    plain, augmented = seconds['plain'], seconds['plain_augmented']
    return {
        f'{kind}_shared_ratio': plain / seconds['shared'],
        f'{kind}_independent_ratio': plain / seconds['independent'],
        f'{kind}_shared_augmented_ratio': augmented / seconds['shared_augmented'],
        f'{kind}_independent_augmented_ratio': augmented / seconds['independent_augmented'],
        f'{kind}_test_views_ratio': seconds['plain_test'] / seconds['test_views'],
    }


def run(args: argparse.Namespace) -> dict:
    """Measure all kinds of files."""
    result: dict = {'machine': describe_machine(), 'backend': args.backend}
    with TemporaryDirectory() as folder:
        for name, kind in KINDS.items():
            paths = write_files(Path(folder), kind, args.files)
            seconds = measure(paths, args.rounds, args.backend)
            result.update({key: round(value, 2) for key, value in ratios(name, seconds).items()})
            result[f'{name}_samples_per_second'] = {
                key: round(1 / value, 2) for key, value in seconds.items()
            }
    result['test_views_ratio'] = min(result[f'{name}_test_views_ratio'] for name in KINDS)
    return result


def table(result: dict) -> str:
    """Return the ratios and the samples a second, a line each."""
    lines = [f'{key:38} {value:8.2f}' for key, value in result.items() if key.endswith('ratio')]
    for name in KINDS:
        lines.append(f'{name}: samples a second and core')
        rates = result[f'{name}_samples_per_second']
        lines += [f'  {key:36} {value:8.2f}' for key, value in rates.items()]
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # libraries start threads unasked
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    result = run(args)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
