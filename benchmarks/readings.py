"""Train ASL-Mix on AVSprites by each reading of what the paper leaves open, and test it.

Writes `benchmarks/results/readings.json` and, with ``--doc``, the table of docs/fidelity.md. Runs
that are done are not repeated, so that a stopped benchmark goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from machine import describe_machine

from mmavssl.utils.managed_text import replace_part

ROOT = Path(__file__).parents[1]
OUT = ROOT / 'benchmarks' / 'results' / 'readings.json'
DOC_PART, DOC_TOOL = 'readings', 'benchmarks/readings.py --doc docs/fidelity.md'
DATA = 'data/avsprites'
READINGS = {
    'default': 'configs/asl_mix/avsprites_2shot.py',
    'fusion_token': 'configs/asl_mix/readings/avsprites_2shot_fusion_token.py',
    'map_affinity': 'configs/asl_mix/readings/avsprites_2shot_map_affinity.py',
    'audio_long_window': 'configs/asl_mix/readings/avsprites_2shot_audio_long_window.py',
}
TITLES = {
    'default': 'one token of both features; cosine map; sound of the clip',
    'fusion_token': 'fusion of two tokens',
    'map_affinity': 'map smoothed by affinity',
    'audio_long_window': 'window of sound 1.2 times the clip',
}
FIGURES = {'student': 'student/top1', 'teacher': 'teacher/top1'}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--readings', nargs='+', default=list(READINGS), choices=READINGS)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmark_readings'))
    parser.add_argument('--out', type=Path, default=OUT, help='JSON file to write')
    parser.add_argument('--doc', type=Path, help='Markdown file to write the table into')
    parser.add_argument(
        '--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to all configs'
    )
    return parser.parse_args(argv)


def run_tool(*command: object) -> str:
    """Run ``python COMMAND`` in the root of the repository; return the command as one types it."""
    words = [str(word) for word in command]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return ' '.join(['python', *words])


def prepare(seeds: Sequence[int]) -> list[str]:
    """Make the data, the splits and the localizer, where they are not there."""
    commands = []
    if not (ROOT / DATA / 'manifest_train.csv').exists():
        commands.append(run_tool('tools/data/make_avsprites.py', DATA, '--workers', 2))
    commands += [
        run_tool(
            'tools/data/make_split.py', f'{DATA}/manifest_train.csv', '--shots', 2, '--seed', seed,
        )
        for seed in seeds
        if not (ROOT / DATA / f'splits/2shot_seed{seed}').exists()
    ]  # fmt: skip
    if not (ROOT / 'work_dirs/localizers/fnac_avsprites/epoch_6.pth').exists():
        commands.append(run_tool('tools/train.py', 'configs/localizers/fnac_avsprites.py'))
    return commands


def train_and_test(reading: str, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """Return the accuracies of a reading with a seed, which also chooses the labeled clips."""
    run_dir = args.work_dir / f'{reading}_{seed}'
    out = run_dir / 'test.json'
    if not (ROOT / out).exists():
        split = f'splits/2shot_seed{seed}'
        run_tool(
            'tools/train.py', READINGS[reading], '--work-dir', run_dir, '--cfg-options',
            f'randomness.seed={seed}', 'train_cfg.val_begin=1000',
            f'train_dataloader.dataset.labeled.ann_file={split}/labeled.csv',
            f'train_dataloader.dataset.unlabeled.ann_file={split}/unlabeled.csv',
            *args.cfg_options,
        )  # fmt: skip
        checkpoint = (ROOT / run_dir / 'last_checkpoint').read_text().strip()
        run_tool(
            'tools/test.py', READINGS[reading], checkpoint, '--work-dir', run_dir, '--out', out
        )
    metrics = json.loads((ROOT / out).read_text())
    return {name: round(metrics[key], 2) for name, key in FIGURES.items()}


def summarize(runs: dict[str, dict[str, float]]) -> dict:
    """Return means, standard deviations and the figures of each seed."""
    values = {name: [run[name] for run in runs.values()] for name in FIGURES}
    means = {name: round(float(np.mean(values[name])), 2) for name in FIGURES}
    spread = {
        name: round(float(np.std(values[name], ddof=1)), 2) if len(runs) > 1 else None
        for name in FIGURES
    }
    return {**means, 'std': spread, 'seeds': runs}


def table(result: dict) -> str:
    """Return the table of means and deviations in Markdown."""
    lines = ['| reading | student top-1 | teacher top-1 |', '|---|---|---|']
    for reading, figures in result['readings'].items():
        cells = [f'{figures[name]:.1f} ± {figures["std"][name] or 0:.1f}' for name in FIGURES]
        lines.append(f'| {TITLES[reading]} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    prepare(args.seeds)
    runs: dict[str, dict[str, dict]] = {reading: {} for reading in args.readings}
    for seed in args.seeds:
        for reading in args.readings:
            runs[reading][str(seed)] = train_and_test(reading, seed, args)
            print(reading, seed, runs[reading][str(seed)], flush=True)
    result = {
        'machine': describe_machine(),
        'configs': {reading: READINGS[reading] for reading in args.readings},
        'cfg_options': args.cfg_options,
        'readings': {reading: summarize(seeds) for reading, seeds in runs.items()},
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + '\n')
    if args.doc:
        args.doc.write_text(replace_part(args.doc.read_text(), DOC_PART, DOC_TOOL, table(result)))
    print(table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
