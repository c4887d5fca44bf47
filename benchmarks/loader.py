"""Measure the data loader against a plain one: samples a second and core, in one run."""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from crew import Crew
from machine import describe_machine
from media import KINDS, write_files
from mmcv.transforms import Compose
from mmengine.config import Config
from reference_loader import test_views, train_sample
from torchvision.transforms import v2

from mmavssl.datasets import av_worker_init_fn
from mmavssl.registry import TRANSFORMS

PIPELINES = Path(__file__).parents[1] / 'configs' / '_base_' / 'pipelines'
# SVFormer's released loader has no RandAugment, and warps time on the device.
NOT_IN_REFERENCE = ('RandAugment', 'TWAug')
# What is compared: ours against the plain loader that does the same.
PAIRS = {
    'shared': 'plain',
    'independent': 'plain',
    'shared_augmented': 'plain_augmented',
    'independent_augmented': 'plain_augmented',
    'test_views': 'plain_test',
}
MODES = {'all_cores': False, 'one_core': True}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--files', type=int, default=4, help='files of each size')
    parser.add_argument('--rounds', type=int, default=3, help='turns of each loader')
    parser.add_argument('--seconds', type=float, default=5.0, help='length of a turn')
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


def ours(name: str, key: str, backend: str, left_out: Sequence[str] = ()) -> Callable:
    """Begin as our workers do, and return a shipped pipeline as a function of a path."""
    av_worker_init_fn(0)
    transforms = without(Config.fromfile(PIPELINES / name)[key], left_out)
    transforms[0]['backend'] = backend
    pipeline = Compose([TRANSFORMS.build(each) for each in transforms])
    return lambda path: pipeline({'video_path': path, 'sample_idx': 0, 'source': 'unlabeled'})


def plain(augment: Callable | None = None) -> Callable:
    """Return the plain loader as a function of a path."""
    rng = np.random.default_rng(0)
    return lambda path: train_sample(path, rng, augment)


def contenders(backend: str) -> dict[str, Callable[[], Callable]]:
    """Return what is measured: functions that make a function of a path."""
    own, one = 'audio_visual_224.py', 'audio_visual_224_one_window.py'
    key = 'unlabeled_pipeline'
    return {
        'plain': plain,
        'shared': partial(ours, one, key, backend, NOT_IN_REFERENCE),
        'independent': partial(ours, own, key, backend, NOT_IN_REFERENCE),
        'plain_augmented': partial(plain, v2.RandAugment(2, 9)),
        'shared_augmented': partial(ours, one, key, backend),
        'independent_augmented': partial(ours, own, key, backend),
        'plain_test': lambda: test_views,
        'test_views': partial(ours, own, 'test_pipeline', backend),
    }


def measure(paths: Sequence[Path], args: argparse.Namespace, bound: bool) -> dict[str, list]:
    """Return samples a second and core of each contender, in each of its turns."""
    crews = {
        name: Crew(make_job, paths, bound) for name, make_job in contenders(args.backend).items()
    }
    rates: dict[str, list[float]] = {name: [] for name in crews}
    for _ in range(args.rounds):
        for name, crew in crews.items():
            rates[name].append(crew.rate(args.seconds))
    for crew in crews.values():
        crew.dismiss()
    return rates


def run(args: argparse.Namespace) -> dict:
    """Measure all kinds of files."""
    result: dict = {'machine': describe_machine(), 'backend': args.backend}
    modes = {mode: {} for mode in MODES}
    with TemporaryDirectory() as folder:
        for kind, made in KINDS.items():
            paths = write_files(Path(folder), made, args.files)
            for mode, bound in MODES.items():
                rates = measure(paths, args, bound)
                for name, base in PAIRS.items():
                    turns = np.divide(rates[name], rates[base])
                    modes[mode][f'{kind}_{name}_ratio'] = round(float(np.median(turns)), 2)
                modes[mode][f'{kind}_samples_per_second'] = {
                    name: round(float(np.median(turns)), 2) for name, turns in rates.items()
                }
    for figures in modes.values():
        figures['test_views_ratio'] = min(figures[f'{kind}_test_views_ratio'] for kind in KINDS)
    return {**result, **modes['all_cores'], 'one_core': modes['one_core']}


def table(result: dict) -> str:
    """Return the ratios and the samples a second, a line each, of all cores and of one."""
    alone = result['one_core']
    lines = [f'{"":38} all cores busy   bound to one']
    for key, value in result.items():
        if key.endswith('ratio'):
            lines.append(f'{key:38} {value:14.2f} {alone[key]:14.2f}')
    for kind in KINDS:
        lines.append(f'{kind}: samples a second and core')
        key = f'{kind}_samples_per_second'
        for name, rate in result[key].items():
            lines.append(f'  {name:36} {rate:14.2f} {alone[key][name]:14.2f}')
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    result = run(args)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
