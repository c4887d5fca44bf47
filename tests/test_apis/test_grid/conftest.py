"""A repository with two configs and tools that take no time."""

import json
import sys
from pathlib import Path

import pytest

from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.records import read_records
from mmavssl.apis.grid.run_one import Tools
from mmavssl.apis.grid.runner import GridRunner

#: Trains for four iterations; what it finds in `work_dir/fail_<step>` ends it.
TRAIN = """
import json, os, sys, time
from pathlib import Path

config, folder = sys.argv[1], Path(sys.argv[sys.argv.index('--work-dir') + 1])
options = dict(option.split('=', 1) for option in sys.argv[sys.argv.index('--cfg-options') + 1:])
with open('calls.jsonl', 'a') as calls:
    resumed = (folder / 'last_checkpoint').exists()
    calls.write(json.dumps(['train', config, options, resumed]) + '\\n')
(folder / 'last_checkpoint').write_text(str(Path(folder, 'epoch_1.pth').resolve()))
if os.path.exists('sleep'):
    Path('pid').write_text(str(os.getpid()))
    time.sleep(600)
wish = Path(f'fail_{folder.name}')
if wish.exists():
    print('the reason')
    sys.exit(int(wish.read_text()))
log = folder / '20260101_000000/vis_data'
log.mkdir(parents=True, exist_ok=True)
lines = [{'step': n, 'iter': n, 'pass_rate': n / 10, 'memory': n} for n in range(1, 5)]
lines[2:2] = [{'step': 1, 'student/top1': 90.0, 'teacher/top1': 20.0}]
lines += [{'step': 2, 'student/top1': 80.0, 'teacher/top1': 30.0}]
(log / 'scalars.json').write_text(''.join(json.dumps(line) + '\\n' for line in lines))
"""
#: An accuracy for each config and seed; the supervised one has no teacher.
TEST = """
import json, sys
from pathlib import Path

config, out = sys.argv[1], Path(sys.argv[sys.argv.index('--out') + 1])
options = dict(option.split('=', 1) for option in sys.argv[sys.argv.index('--cfg-options') + 1:])
with open('calls.jsonl', 'a') as calls:
    calls.write(json.dumps(['test', sys.argv[2], options]) + '\\n')
seed = int(options['randomness.seed'])
top1 = {'configs/one.py': 50 + seed, 'configs/two.py': 60 + 3 * seed}[config]
metrics = {'student/top1': top1, 'student/top5': 99.999}
if 'two' in config:
    metrics['teacher/top1'] = top1 + 1
out.write_text(json.dumps(metrics))
"""
GRID = """
name = 'small'
title = 'A small grid'
seeds = [0, 1]
baseline = 'one'
paper = 'UCF-51'
prepare = [dict(command='python make.py made_{seed}', makes='made_{seed}')]
options = ['randomness.seed={seed}']
rows = [
    dict(name='one', title='first', config='configs/one.py'),
    dict(name='two', config='configs/two.py', options=['log_level=INFO'], paper=66.72),
]
"""


class Place:
    """The repository, and what runs its grid."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.grid_file = root / 'grid.py'
        self.results = root / 'results'
        self.said: list[str] = []

    def run(self, seeds=(0, 1), only=None, order='seeds', grid=None, **options):
        """Run the grid and return the failures."""
        tools = Tools(self.root, sys.executable, 'train.py', 'test.py')
        runner = GridRunner(
            grid or read_grid(self.grid_file), tools, self.results, Path('work'),
            self.said.append, **options,
        )  # fmt: skip
        return runner.run(seeds, only, order)

    def calls(self, tool: str) -> list:
        """Return what a tool was called with since the last time, as the tools have noted it."""
        file = self.root / 'calls.jsonl'
        found = [json.loads(line) for line in file.read_text().splitlines()]
        return [call[1:] for call in found if call[0] == tool]

    def forget(self) -> None:
        """Forget the calls."""
        (self.root / 'calls.jsonl').write_text('')

    def records(self, grid: str = 'small') -> dict:
        """Return the results by row and seed."""
        found = read_records(self.results / f'grid_{grid}.jsonl')
        return {(record['row'], record['seed']): record for record in found}


def make_place(root: Path) -> Place:
    """Write the repository."""
    (root / 'configs').mkdir()
    for name in ('one', 'two'):
        text = f"model = dict(type='M', kind='{name}')\nrandomness = dict(seed=0)\n"
        (root / f'configs/{name}.py').write_text(text)
    (root / 'train.py').write_text(TRAIN)
    (root / 'test.py').write_text(TEST)
    (root / 'make.py').write_text('import sys\nopen(sys.argv[1], "x")\n')
    (root / 'grid.py').write_text(GRID)
    (root / 'calls.jsonl').write_text('')
    return Place(root)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


@pytest.fixture(scope='module')
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place that the tests of a module share."""
    return make_place(tmp_path_factory.mktemp('place'))
