"""Run the commands and programs of a page in a small checkout, each in a process of its own.

A tool runs in a fork of this process, which has imported torch already, with the arguments that
the page gives it and a few more that make it small. Scripts and programs of others are started.
"""

from __future__ import annotations

import os
import runpy
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mmavssl.utils.configs import load_config
from tests.test_docs.blocks import ROOT, Block, Command, read_blocks
from tests.test_docs.exemptions import is_left_out, why_not
from tests.test_docs.forked import SECONDS, PageError, run_forked

#: What a checkout has besides data and results.
SHARED = (
    'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'benchmarks', 'configs', 'docs', 'mmavssl',
    'model-index.yml', 'model_zoo.md', 'pyproject.toml', 'requirements', 'setup.py', 'tests',
    'tools',
)  # fmt: skip
#: More arguments, for which other tests have fewer clips as well.
FEWER = {'tools/data/make_avsprites.py': ['--num-train', '80', '--num-test', '8']}


def make_checkout(folder: Path) -> Path:
    """Let a folder look like a clone of the repository."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def copy_checkout(source: Path, target: Path) -> Path:
    """Copy a checkout with its data and runs."""
    shutil.copytree(source, target, symlinks=True)
    for file in target.glob('work_dirs/*/*/last_checkpoint'):  # which is a whole path
        file.write_text(file.read_text().replace(str(source), str(target)))
    return target


def write_files(blocks: Sequence[Block], folder: Path) -> None:
    """Write the files that a page defines."""
    for block in blocks:
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)


def run_page(page: str, folder: Path) -> int:
    """Run the blocks of a page in their order, but for those that are exempt; return how many.

    Raises:
        PageError: one has failed.
    """
    blocks = read_blocks(page)
    write_files(blocks, folder)  # before the commands above them, which may name them
    running = [block for block in blocks if does_something(block) and not why_not(block)]
    for block in running:
        run_block(block, folder)
    return len(running)


def does_something(block: Block) -> bool:
    """Whether there is something to run in a block."""
    return is_program(block) or bool(block.commands)


def is_program(block: Block) -> bool:
    """Whether a block of Python is no file of the page and no part of a config."""
    is_python = block.language == 'python' and not block.file
    return is_python and block.text.startswith(('import ', 'from '))


def run_block(block: Block, folder: Path) -> None:
    """Run one block."""
    if is_program(block):
        code = compile(block.text, block.page, 'exec')
        run_forked(lambda: exec(code, {'__name__': '__main__'}), folder, {}, block.name)
    for command in block.commands:
        if not is_left_out(block, command):
            run_command(command, folder)


def run_command(command: Command, folder: Path) -> None:
    """Run one command."""
    program, *words = command.words
    variables = {'PORT': str(free_port()), **command.variables}
    if program == 'source':  # the environment of the tests serves
        return
    if program == 'mmavssl':
        program, words = 'python', ['-m', 'mmavssl', *words]
    if program == 'python':
        small = command.answer is None  # which names a mistake among the arguments
        job = partial(run_python, words, small)
        run_forked(job, folder, variables, command.text, command.answer)
        return
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    result = subprocess.run(
        [program, *(words + smaller(words, folder))], cwd=folder, capture_output=True, text=True,
        env={**os.environ, **variables, 'PATH': path}, timeout=SECONDS,
    )  # fmt: skip
    if result.returncode:
        raise PageError(f'{command.text}\n{(result.stdout + result.stderr)[-3000:]}')


def run_python(words: list[str], small: bool) -> None:
    """Do what ``python WORDS`` does, in this process.

    Args:
        words: arguments.
        small: add those of `smaller`.
    """
    if words[0] == '-m':
        sys.argv = words[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(words[1], run_name='__main__', alter_sys=True)
    else:
        sys.argv = words + (smaller(words, Path()) if small else [])
        sys.path.insert(0, str(Path(words[0]).parent))
        runpy.run_path(words[0], run_name='__main__')


def smaller(words: list[str], folder: Path) -> list[str]:
    """Return more arguments: fewer clips, and epochs of one small iteration."""
    if words[0] in FEWER:
        return FEWER[words[0]]
    if words[0] not in ('tools/train.py', 'tools/dist_train.sh'):
        return []
    loader = load_config(str(folder / words[1])).train_dataloader
    size, epoch = 8, 'epoch_size=8'
    if loader.sampler.type == 'TwoStreamSampler':
        size, epoch = 2 * sum(loader.batch_sampler.ratio), 'epoch_over=1'
    options = [f'train_dataloader.batch_size={size}', f'train_dataloader.sampler.{epoch}']
    return ['--cfg-options', *options]


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]
