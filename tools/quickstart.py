"""Run the main job on the embedded data set, in minutes on two CPU cores.

Makes AVSprites, trains the localizer, ASL-Mix and (for at least as long) the supervised baseline,
tests them by averaging views, and writes `work_dirs/quickstart/`: the log,
curves, a picture of localization maps and masks, and `summary.json`. Every step is a documented
command, run in the current folder; the log shows it.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmavssl.utils.cli_types import given_path
from mmavssl.utils.commands import as_typed
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.machine import describe_machine
from mmavssl.utils.terminals import terminal_for_child

#: Where tools/ is; not where the data and work dirs are.
ROOT = Path(__file__).resolve().parents[1]
DATA = Path('data/avsprites')
SHOTS, SEED = 2, 0
METHODS = ('asl_mix', 'supervised')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--work-dir', type=given_path, default=Path('work_dirs/quickstart'))
    return parser.parse_args(argv)


class Steps:
    """Run commands one after another: their output in one log, times and their bars on screen."""

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.log.write_text('')
        self.start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the first step began."""
        return time.monotonic() - self.start

    def run(self, title: str, tool: str, *arguments: str | Path) -> None:
        """Run ``python TOOL ARGUMENTS``; stop with the end of its output where it fails."""
        words = [str(word) for word in arguments]
        command = as_typed(f'python {tool} {" ".join(words)}')
        print(f'[{self.seconds:4.0f} s] {title}: {command}', flush=True)
        with self.log.open('a') as log:
            log.write(f'\n$ {command}\n')
            log.flush()
            code = subprocess.run(
                [sys.executable, ROOT / tool, *words], stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **terminal_for_child()},
            ).returncode  # fmt: skip
        if code:
            tail = '\n'.join(self.log.read_text().splitlines()[-15:])
            print(f'{tail}\nquickstart: "{title}" failed with status {code}; see {self.log}.')
            raise SystemExit(code)


def last_checkpoint(work_dir: Path) -> Path:
    """Return the newest checkpoint of a run, as MMEngine noted it."""
    return Path((work_dir / 'last_checkpoint').read_text().strip())


def train_localizer(steps: Steps, work_dir: Path) -> dict[str, float]:
    """Train the localizer where the configs of ASL-Mix look for it, and test it."""
    config, run_dir = 'configs/localizers/fnac_avsprites.py', 'work_dirs/localizers/fnac_avsprites'
    steps.run('train the localizer', 'tools/train.py', config, '--work-dir', run_dir)
    out = work_dir / 'localizer.json'
    steps.run(
        'test the localizer', 'tools/test.py', config, last_checkpoint(Path(run_dir)),
        '--work-dir', run_dir, '--out', out,
    )  # fmt: skip
    return json.loads(out.read_text())


def train_and_test(steps: Steps, work_dir: Path) -> dict[str, dict[str, float]]:
    """Train and test the methods; return their metrics."""
    metrics = {}
    for method in METHODS:
        config, run_dir = f'configs/{method}/avsprites_{SHOTS}shot.py', work_dir / method
        begin = steps.seconds
        steps.run(
            f'train {method}', 'tools/train.py', config, '--work-dir', run_dir,
            '--cfg-options', 'train_cfg.val_begin=1000',  # the test that follows is the same
        )  # fmt: skip
        train_seconds = steps.seconds - begin
        out = run_dir / 'test.json'
        steps.run(
            f'test {method}', 'tools/test.py', config, last_checkpoint(run_dir),
            '--work-dir', run_dir, '--out', out,
        )  # fmt: skip
        metrics[method] = json.loads(out.read_text())
        metrics[method]['train_seconds'] = train_seconds
    return metrics


def summarize(
    metrics: dict[str, dict[str, float]], localizer: dict[str, float], seconds: float
) -> dict[str, Any]:
    """Collect the figures of `summary.json` (accuracies in percent), and what they depend on."""
    num_classes = len((DATA / 'classes.txt').read_text().split())
    return {
        'student_top1': metrics['asl_mix']['student/top1'],
        'teacher_top1': metrics['asl_mix']['teacher/top1'],
        'supervised_top1': metrics['supervised']['student/top1'],
        'chance': 100.0 / num_classes,
        'localizer_pointing': localizer['localization/pointing'],
        'localizer_chance': localizer['localization/box_share'],
        'asl_mix_train_seconds': metrics['asl_mix']['train_seconds'],
        'supervised_train_seconds': metrics['supervised']['train_seconds'],
        'seconds': seconds,
        'machine': describe_machine(),
    }


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the steps."""
    args = parse_args(argv)
    steps = Steps(args.work_dir / 'quickstart.log')
    steps.run('make AVSprites', 'tools/data/make_avsprites.py', DATA, '--workers', '2')
    steps.run(
        f'choose {SHOTS} labels per class', 'tools/data/make_split.py',
        DATA / 'manifest_train.csv', '--shots', str(SHOTS), '--seed', str(SEED),
    )  # fmt: skip
    localizer = train_localizer(steps, args.work_dir)
    metrics = train_and_test(steps, args.work_dir)
    config = f'configs/asl_mix/avsprites_{SHOTS}shot.py'
    steps.run(
        'draw maps and masks', 'tools/analysis/visualize_masks.py', config,
        '--out', args.work_dir / 'masks.png',
    )  # fmt: skip
    steps.run(
        'draw curves', 'tools/analysis/plot_curves.py',
        *(args.work_dir / method for method in METHODS),
        '--out', args.work_dir / 'curves.png',
    )  # fmt: skip
    summary = summarize(metrics, localizer, steps.seconds)
    path = args.work_dir / 'summary.json'
    path.write_text(json.dumps(summary, indent=2) + '\n')
    print(f'\nTop-1 on the test part ({DATA}), {SHOTS} labels per class, 5 clips x 3 crops:')
    for name, key in (
        ('ASL-Mix, student', 'student_top1'),
        ('ASL-Mix, teacher', 'teacher_top1'),
        ('supervised only', 'supervised_top1'),
        ('chance', 'chance'),
    ):
        print(f'  {name:<17} {summary[key]:5.1f} %')
    print('Localizer: maximum of the map in the box of the sounding actor')
    print(f'  of test frames    {summary["localizer_pointing"]:5.1f} %')
    print(f'  by chance         {summary["localizer_chance"]:5.1f} %')
    print(f'{summary["seconds"]:.0f} s in all. Log, curves, masks, summary: {args.work_dir}')
    folder = args.work_dir / METHODS[0]
    checkpoint = folder / last_checkpoint(folder).name  # which is a whole path
    print('Next: ' + as_typed(f'python tools/predict.py VIDEO --weights {checkpoint}'))
    return 0


if __name__ == '__main__':
    sys.exit(main())
