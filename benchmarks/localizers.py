"""Train localizers on AVSprites without labels, and score maps and masks against the boxes.

Easy: other clips of the recipe that they were trained on. Hard: the held-out recipe, none of whose
shapes, motions and timbres occurs in training. Writes `benchmarks/results/localizers.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from machine import describe_machine
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.runner.checkpoint import load_checkpoint

import mmavssl.datasets
import mmavssl.evaluation
import mmavssl.models  # noqa: F401  (these fill the registries)
from mmavssl.registry import METRICS, MODELS
from mmavssl.utils.configs import load_config
from mmavssl.utils.localizer_table import FIGURES, table
from mmavssl.utils.managed_text import replace_part

ROOT = Path(__file__).parents[1]
OUT = ROOT / 'benchmarks' / 'results' / 'localizers.json'
TRAINED = ('fnac', 'ezvsl', 'cosine')
CONTROLS = {
    'center_prior': dict(type='CenterPrior'),
    'uniform': dict(type='Uniform'),
    'oracle': dict(type='Oracle'),
}
# Options of tools/data/make_avsprites.py. The test clips have another seed than those of training.
# Settings of the configs were chosen on seed 1, so that is not among them.
DATA = {'train': ('default', 0), 'easy': ('default', 2), 'hard': ('held_out', 2)}
ZOO_PART, ZOO_TOOL = 'localizers', 'benchmarks/localizers.py --zoo model_zoo.md'
AREA = 'box'  # how much of a map counts as found; half of the picture is more than any actor has
BATCH_SIZE = 64  # of training; the configs, for the quickstart, have 32


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/benchmark_localizers'))
    parser.add_argument('--out', type=Path, default=OUT, help='JSON file to write')
    parser.add_argument('--num-train', type=int, default=800, help='training clips')
    parser.add_argument('--num-test', type=int, default=240, help='test clips of each setting')
    parser.add_argument('--epochs', type=int, default=20, help='of training (the configs have 6)')
    parser.add_argument('--zoo', type=Path, help='Markdown file to write the table into')
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    return parser.parse_args(argv)


def run_tool(*command: object) -> str:
    """Run ``python COMMAND`` in the root of the repository; return the command as one types it."""
    words = [str(word) for word in command]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return ' '.join(['python', *words])


def make_data(args: argparse.Namespace) -> list[str]:
    """Make the clips."""
    return [
        run_tool(
            'tools/data/make_avsprites.py', args.work_dir / name, '--recipe', recipe,
            '--seed', seed, '--num-train', args.num_train if name == 'train' else 8,
            '--num-test', args.num_test, '--workers', 2,
        )
        for name, (recipe, seed) in DATA.items()
    ]  # fmt: skip


def train(method: str, seed: int, args: argparse.Namespace) -> tuple[Path, str, float]:
    """Train a localizer; return its checkpoint, the command and the seconds."""
    run_dir = args.work_dir / f'{method}_{seed}'
    options = [
        f'randomness.seed={seed}',
        f'train_dataloader.dataset.data_root={args.work_dir}/train',
        f'train_dataloader.batch_size={min(BATCH_SIZE, args.num_train)}',
        f'train_cfg.max_epochs={args.epochs}',
        f'param_scheduler.1.T_max={args.epochs}',
    ]
    begin = time.perf_counter()
    command = run_tool(
        'tools/train.py', f'configs/localizers/{method}_avsprites.py', '--work-dir', run_dir,
        '--cfg-options', *options,
    )  # fmt: skip
    checkpoint = (ROOT / run_dir / 'last_checkpoint').read_text().strip()
    return Path(checkpoint), command, time.perf_counter() - begin


def evaluate(
    cfg: Config, folder: Path, seed: int, checkpoint: Path | None = None
) -> dict[str, float]:
    """Score a localizer, and the masks that its config draws, on the test clips of a folder."""
    init_default_scope(cfg.default_scope)
    loader_cfg = cfg.test_dataloader.to_dict()
    dataset = loader_cfg['dataset']
    dataset['data_root'] = str(folder)
    boxes_file = str(folder / 'boxes_test.npz')
    if cfg.model.localizer.type == 'Oracle':
        place = [step['type'] for step in dataset['pipeline']].index('CenterCrop') + 1
        dataset['pipeline'].insert(place, dict(type='LoadBoxes', boxes_file=boxes_file))
    loader = Runner.build_dataloader(loader_cfg, seed=seed)
    model = MODELS.build(cfg.model.to_dict()).eval()
    if checkpoint is not None:
        load_checkpoint(model, str(checkpoint), map_location='cpu', strict=True)
    metric = dict(type='LocalizationMetric', boxes_file=boxes_file, area=AREA)
    evaluator = Evaluator(METRICS.build(metric))
    torch.manual_seed(seed)
    for batch in loader:
        with torch.no_grad():
            evaluator.process(model.test_step(batch), batch)
    metrics = evaluator.evaluate(len(loader.dataset))
    return {name: metrics[f'localization/{key}'] for name, key in FIGURES.items()}


def score(args: argparse.Namespace, checkpoints: dict[tuple[str, int], Path]) -> dict:
    """Score everything in both settings: setting -> what -> figures of each seed."""
    results: dict = {}
    for setting in ('easy', 'hard'):
        folder = ROOT / args.work_dir / setting
        runs: dict[str, list[dict]] = {}
        for seed in args.seeds:
            for method in TRAINED:
                cfg = load_config(str(ROOT / f'configs/localizers/{method}_avsprites.py'))
                figures = evaluate(cfg, folder, seed, checkpoints[method, seed])
                runs.setdefault(method, []).append(figures)
            cfg = load_config(str(ROOT / 'configs/localizers/fnac_avsprites.py'))
            for name, localizer in CONTROLS.items():
                cfg.model.localizer = localizer
                runs.setdefault(name, []).append(evaluate(cfg, folder, seed))
            cfg.model.masker = dict(type='TubeToken')
            tube = evaluate(cfg, folder, seed)
            runs.setdefault('tube', []).append({'mask_precision': tube['mask_precision']})
        results[setting] = {name: summarize(figures, args.seeds) for name, figures in runs.items()}
    return results


def summarize(runs: list[dict[str, float]], seeds: Sequence[int]) -> dict:
    """Return means, standard deviations and the figures of each seed."""
    names = runs[0].keys()
    values = {name: [run[name] for run in runs] for name in names}
    deviation = None
    if len(runs) > 1:
        deviation = {name: round(float(np.std(values[name], ddof=1)), 2) for name in names}
    return {
        **{name: round(float(np.mean(values[name])), 2) for name in names},
        'std': deviation,
        'seeds': {
            str(seed): {name: round(value, 2) for name, value in run.items()}
            for seed, run in zip(seeds, runs, strict=True)
        },
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    commands = make_data(args)
    checkpoints, seconds = {}, {}
    for seed in args.seeds:
        for method in TRAINED:
            checkpoints[method, seed], command, taken = train(method, seed, args)
            commands.append(command)
            seconds.setdefault(method, []).append(round(taken, 1))
    result = {
        'machine': describe_machine(),
        'area': AREA,
        'commands': commands,
        'train_seconds': seconds,
        **score(args, checkpoints),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=2) + '\n')
    if args.zoo:
        tables = replace_part(args.zoo.read_text(), ZOO_PART, ZOO_TOOL, table(result))
        args.zoo.write_text(tables)
    print(json.dumps(result, indent=2) if args.json else table(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())
