"""Run the benchmarks of speed and write what they measured.

    python benchmarks/run.py [--device cuda] [--name my_machine]

Each script runs by itself; ``results/speed_<name>.json`` has all that it says, and a table in
docs/performance.md what matters, one column for each such file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from machine import describe_machine

from mmavssl.utils.managed_text import replace_part

HERE = Path(__file__).parent
PAGE = HERE.parent / 'docs/performance.md'
PART, TOOL = 'speed', 'benchmarks/run.py'
MEMORY_PART = 'memory'
#: Scripts and their options by name, for a CPU with two cores and for a GPU.
FEW = ['svformer_bf16', 'asl_mix_bf16']  # of ViT-B; all at once would not fit into 24 GB
PLANS: dict[str, dict[str, list[str]]] = {
    'cpu': {
        'step': ['step.py'],
        'step_paper': ['step.py', '--size', 'paper_few', '--rounds', '2', '--contenders', *FEW],
        'attention': ['attention.py'],
        'ema': ['ema.py'],
        'masks': ['masks.py'],
        'test_views': ['test_views.py', '--rounds', '3'],
        'channels': ['channels.py'],
        'memory': ['memory.py'],
        'scaling': ['scaling.py'],
        'loader': ['loader.py'],
        'end_to_end': ['end_to_end.py'],
    },
    'cuda': {
        'step': ['step.py', '--size', 'paper', '--rounds', '10'],
        'step_many': ['step.py', '--size', 'paper_many', '--rounds', '10'],
        'attention': ['attention.py', '--size', 'paper'],
        'ema': ['ema.py', '--rounds', '50'],
        'masks': ['masks.py', '--size', 'paper'],
        'test_views': ['test_views.py', '--size', 'paper'],
        'channels': ['channels.py', '--size', 'paper'],
        'loader': ['loader.py'],
        'end_to_end': [
            'end_to_end.py', '--batch-size', '6', '--workers', '8', '--iterations', '100'
        ],
    },
}  # fmt: skip
#: Scripts that measure processors whatever the device.
OF_CPU = ('loader.py', 'memory.py', 'scaling.py')
Results = dict[str, Any]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--device', default='cpu', choices=tuple(PLANS))
    parser.add_argument('--name', help='of the machine; by default that of its processor or GPU')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='some of the benchmarks')
    parser.add_argument('--table', action='store_true', help='write the table alone')
    return parser.parse_args(argv)


def run(command: list[str], device: str) -> Results:
    """Run a script and return what it measured."""
    options = [] if command[0] in OF_CPU else ['--device', device]
    # PyTorch and MMEngine take a GPU that they see.
    environment = os.environ if device == 'cuda' else {**os.environ, 'CUDA_VISIBLE_DEVICES': ''}
    script = [sys.executable, str(HERE / command[0]), *command[1:], *options, '--json']
    print(' '.join(command), file=sys.stderr, flush=True)
    process = subprocess.run(
        script, check=True, env=environment, stdout=subprocess.PIPE, text=True
    )
    output = process.stdout
    return json.loads(output[output.index('\n{\n') if '\n{\n' in output else 0 :])


def slug(text: str) -> str:
    """Return a text as a name of a file."""
    return re.sub(r'[^a-z0-9]+', '_', text.lower()).strip('_')


def default_name(device: str) -> str:
    """Return a name of this machine."""
    if device == 'cuda':
        import torch

        return slug(torch.cuda.get_device_name())
    machine = describe_machine()
    return slug(f'{machine["processor"]} {machine["cores"]} cores')


def times(value: float) -> str:
    """Return a ratio as text."""
    return f'{value:.2f}'


def percent(value: float) -> str:
    """Return a share as text."""
    return f'{100 * value:.3g} %'


def pick(*path: str) -> Callable[[Results], Any]:
    """Return what looks up a place in results; KeyError where it was not measured."""

    def look(result: Results) -> Any:
        for key in path:
            result = result[key]
        return result

    return look


def gflop_ratio(step: Results) -> float:
    """Return the operations of ASL-Mix against those of SVFormer."""
    return step['gflop']['asl_mix'] / step['gflop']['svformer']


def memory_ratio(result: Results, precision: str) -> float:
    """Return our peak memory against that of the reference."""
    memory = result['step']['memory_mb']
    return memory[f'svformer_{precision}'] / memory[f'reference_{precision}']


#: What the table has: text, where it is in the results, and how it is written.
ROWS: list[tuple[str, Callable[[Results], Any], Callable[[Any], str]]] = [
    ('Networks and clips', pick('step', 'size', 'name'), str),
    ('SVFormer against the released step: times as fast, fp32', pick('step', 'fp32_ratio'), times),
    ('ours with bf16 against fp32', pick('step', 'bf16_ratio'), times),
    ('bf16 in both', pick('step', 'bf16_over_autocast_reference'), times),
    ('Share of the rate of a large product, fp32', pick('step', 'mfu', 'svformer_fp32'), percent),
    ('bf16', pick('step', 'mfu', 'svformer_bf16'), percent),
    ('bf16, more clips', pick('step_many', 'mfu', 'svformer_bf16'), percent),
    ('ASL-Mix against SVFormer: operations', lambda r: gflop_ratio(r['step']), times),
    ('time, fp32', pick('step', 'asl_over_video'), times),
    ('time, bf16', pick('step', 'asl_over_video_bf16'), times),
    ('the same with ViT-B: operations', lambda r: gflop_ratio(r['step_paper']), times),
    ('time, fp32', pick('step_paper', 'asl_over_video'), times),
    ('time, bf16', pick('step_paper', 'asl_over_video_bf16'), times),
    ('Peak memory against the released step, fp32', lambda r: memory_ratio(r, 'fp32'), percent),
    ('bf16 in both', lambda r: memory_ratio(r, 'bf16'), percent),
    ('EMA of ViT-B: times as fast as a loop', pick('ema', 'ratio'), times),
    ('Drawing ASL masks: share of an iteration', pick('masks', 'share', 'ASLGuided'), percent),
    ('15 views of a test video: times as fast, fp32', pick('test_views', 'fp32_ratio'), times),
    ('Two ranks: times the clips of one', pick('scaling', 'ratio'), times),
    ('Localizer, channels last: times as fast, fp32', pick('channels', 'ratio', 'fp32'), times),
    ('bf16', pick('channels', 'ratio', 'bf16'), times),
    (
        'Loader, UCF size, one core: times as fast as a plain one',
        pick('loader', 'one_core', 'ucf_shared_augmented_ratio'), times,
    ),
    ('Waiting for data, ViT-B: share of an iteration', pick('end_to_end', 'data_share'), percent),
]  # fmt: skip


def table(results: dict[str, Results]) -> str:
    """Return the table of all machines.

    Args:
        results: by machine.
    """
    lines = ['| | ' + ' | '.join(results) + ' |', '|---' * (1 + len(results)) + '|']
    for text, look, write in ROWS:
        cells = []
        for result in results.values():
            try:
                cells.append(write(look(result)))
            except KeyError:
                cells.append('')
        if any(cells):
            lines.append(f'| {text} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def memory_table(result: Results) -> str:
    """Return what was counted of memory as a table in Markdown."""
    rows = result['memory']
    gpus = [f'{gib} GiB' for gib in next(iter(rows.values()))['labeled']]
    head = ['', 'fixed, GB', 'a clip, MB', '1 + 5 clips, GB', *gpus]
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    for name, figures in rows.items():
        *numbers, labeled = figures.values()
        lines.append(f'| {name} | ' + ' | '.join(map(str, [*numbers, *labeled.values()])) + ' |')
    return '\n'.join(lines)


def write_tables() -> None:
    """Write the tables of all results into the page."""
    results = {
        path.stem.removeprefix('speed_'): json.loads(path.read_text())
        for path in sorted((HERE / 'results').glob('speed_*.json'))
    }
    text = replace_part(PAGE.read_text(), PART, TOOL, table(results))
    counted = [result['memory'] for result in results.values() if 'memory' in result]
    if counted:  # the same on all machines
        text = replace_part(text, MEMORY_PART, TOOL, memory_table(counted[0]))
    PAGE.write_text(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks and return the exit status."""
    args = parse_args(argv)
    if not args.table:
        path = HERE / f'results/speed_{args.name or default_name(args.device)}.json'
        found = json.loads(path.read_text()) if args.only and path.exists() else {}
        for name, command in PLANS[args.device].items():
            if not args.only or name in args.only:
                found[name] = run(command, args.device)
                path.write_text(json.dumps(found, indent=1) + '\n')
    write_tables()
    return 0


if __name__ == '__main__':
    sys.exit(main())
