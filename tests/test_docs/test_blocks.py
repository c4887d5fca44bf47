"""Every block of README and docs: what it names exists, and what is not exempt runs as written."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import mmavssl.datasets
import mmavssl.engine
import mmavssl.evaluation
import mmavssl.models
import mmavssl.parallel
import mmavssl.visualization  # noqa: F401  (all fill the registries)
from mmavssl.utils.errors import ConfigError
from tests.test_docs import exemptions
from tests.test_docs.blocks import PAGES, ROOT, RUN_PAGES, Block, read_blocks, read_command
from tests.test_docs.command_check import UsageError, check_command
from tests.test_docs.program_check import classes_in, faults
from tests.test_docs.running import (
    copy_checkout,
    does_something,
    make_checkout,
    run_page,
    write_files,
)

BLOCKS = {page: read_blocks(page) for page in PAGES}
ALL = [block for blocks in BLOCKS.values() for block in blocks]
FIRST = 'README.md'  # the other pages have its data and its run
RUNNING = [
    page
    for page in RUN_PAGES
    if page != FIRST
    and any(does_something(block) and not exemptions.why_not(block) for block in BLOCKS[page])
]
WRONG_COMMANDS = {
    'python tools/trian.py configs/asl_mix/ucf51_1shot.py': 'tools/trian.py does not exist',
    'python tools/train.py configs/asl_mix/ucf52.py': 'configs/asl_mix/ucf52.py does not exist',
    'python tools/train.py configs/asl_mix/ucf51_1shot.py --ampere': 'arguments: --ampere',
    'python tools/convert/vit.py a.npz b.pth --to-offical': 'arguments: --to-offical',
    'python tools/data/make_split.py a.csv --shots one': 'invalid int value',
    'python tools/test.py configs/asl_mix/ucf51_1shot.py --cfg-options model.alpha=1':
    "no argument 'alpha'",
    'python tools/train.py configs/asl_mix/ucf51_1shot.py --cfg-options model.mixer': 'KEY=VALUE',
    'python -m tests.reliability.kill_test --kils 3': 'arguments: --kils',
    'python -m tests.reliability.kil_test': 'no such module',
    'mmavssl trian': 'mmavssl trian: no such command',
    'bash tools/train.sh': 'tools/train.sh does not exist',
    'bash tools/dist_train.sh configs/asl_mix/ucf51_1shot.py': 'needs 2 arguments',
    'bash tools/dist_train.sh configs/asl_mix/ucf51_1shot.py 2 --resmue': 'arguments: --resmue',
    "sbatch --wrap 'bash tools/slurm_train.sh a b configs/asl_mix/ucf51_1shot.py w -x'": '-x',
    "pip install '.[tset]'": 'no extra',
    'pyhton tools/info.py': 'not a program',
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make_checkout(tmp_path))
    return tmp_path


@pytest.mark.parametrize('page', PAGES)
def test_what_commands_name_exists(page, checkout):
    write_files(BLOCKS[page], checkout)
    found = []
    for block in BLOCKS[page]:
        for command in block.commands:
            try:
                check_command(command)
            except (UsageError, ConfigError) as error:
                if command.answer is None or isinstance(error, UsageError):
                    found.append(f'{page}:{block.line}: {command.text}: {error}')
    assert not found, '\n'.join(found)


@pytest.mark.parametrize('command', WRONG_COMMANDS)
def test_wrong_commands_are_found(command, checkout):
    with pytest.raises((UsageError, ConfigError), match=WRONG_COMMANDS[command]):
        check_command(read_command(command))


@pytest.mark.parametrize('page', PAGES)
def test_what_programs_name_exists(page):
    blocks = [block for block in BLOCKS[page] if block.language == 'python']
    beside = ''.join(path.read_text() for path in (ROOT / page).parent.glob('*.py'))
    own = {name for text in (beside, *(b.text for b in blocks)) for name in classes_in(text)}
    found = [f'{page}:{block.line}: {fault}' for block in blocks for fault in faults(block, own)]
    assert not found, '\n'.join(found)


@pytest.mark.parametrize(
    ('program', 'fault'),
    [
        ('from mmavssl.registry import MASKER', 'mmavssl.registry.MASKER'),
        ("x = dict(type='TubeTokens')", "'TubeTokens' is registered nowhere"),
        ("x = [dict(type='TokenMix', alhpa=1)]", "TokenMix has no argument 'alhpa'"),
    ],
)
def test_wrong_programs_are_found(program, fault):
    assert faults(Block('page.md', 1, 'python', program)) == [fault]


def test_exemptions_are_of_blocks_that_are_there():
    for page, begins in exemptions.BLOCKS.items():
        texts = [block.text for block in BLOCKS[page] if does_something(block)]
        for begin, reason in begins.items():
            assert sum(text.startswith(begin) for text in texts) == 1, (page, begin)
            assert all((ROOT / test).exists() for test in re.findall(r'tests/[\w/.]+', reason))
    for page, begins in exemptions.COMMANDS.items():
        running = [block for block in BLOCKS[page] if not exemptions.why_not(block)]
        texts = [command.text for block in running for command in block.commands]
        for begin in begins:
            assert sum(text.startswith(begin) for text in texts) == 1, (page, begin)
    for page, test in exemptions.OWN_TESTS.items():
        assert page in (ROOT / test).read_text()


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the commands of the README have run."""
    folder = make_checkout(tmp_path_factory.mktemp('checkout') / 'mmavssl')
    assert run_page(FIRST, folder) > 1
    return folder


@pytest.mark.docs
@pytest.mark.timeout(600)
def test_readme_runs(trained):
    assert (trained / 'work_dirs/asl_mix/avsprites_2shot/epoch_15.pth').is_file()


@pytest.mark.docs
@pytest.mark.timeout(600)
@pytest.mark.parametrize('page', RUNNING)
def test_page_runs(page, trained, tmp_path):
    folder = copy_checkout(trained, tmp_path / 'mmavssl')
    if page == 'docs/own_videos.md':
        copy_by_class(folder / 'data/avsprites/videos', folder / 'my_videos')
    assert run_page(page, folder) > 0


def copy_by_class(videos: Path, target: Path) -> None:
    """Let clips of AVSprites look like somebody's videos, in a folder for each class."""
    for path in sorted(videos.glob('*/*.mp4')):
        folder = target / path.stem.rpartition('_')[0]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / f'{path.parent.name}_{path.name}')
