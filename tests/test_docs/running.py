"""Run the commands and programs of a page in a small checkout, each in a process of its own.

A tool runs in a fork of this process, which has imported torch already, with the arguments that
the page gives it and a few more that make it small. Scripts and programs of others are started.
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import mmengine.config.config

from mmavssl.utils.configs import load_config
from tests.test_docs.blocks import ROOT, Block, Command, read_blocks
from tests.test_docs.exemptions import is_left_out, why_not

#: What a checkout has besides data and results.
SHARED = (
    'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md', 'benchmarks', 'configs', 'docs', 'mmavssl',
    'model-index.yml', 'model_zoo.md', 'pyproject.toml', 'requirements', 'setup.py', 'tests',
    'tools',
)  # fmt: skip
SECONDS = 200
#: More arguments, for which other tests have fewer clips as well.
FEWER = {'tools/data/make_avsprites.py': ['--num-train', '80', '--num-test', '8']}


class PageError(AssertionError):
    """A command or program of a page has failed."""


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
        run_forked(lambda: run_python(words), folder, variables, command.text, command.answer)
        return
    path = f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'
    result = subprocess.run(
        [program, *(words + smaller(words, folder))], cwd=folder, capture_output=True, text=True,
        env={**os.environ, **variables, 'PATH': path}, timeout=SECONDS,
    )  # fmt: skip
    if result.returncode:
        raise PageError(f'{command.text}\n{(result.stdout + result.stderr)[-3000:]}')


def run_python(words: list[str]) -> None:
    """Do what ``python WORDS`` does, in this process."""
    if words[0] == '-m':
        sys.argv = words[1:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(words[1], run_name='__main__', alter_sys=True)
    else:
        sys.argv = words + smaller(words, Path())
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


def run_forked(
    job: Callable[[], object],
    folder: Path,
    variables: dict[str, str],
    title: str,
    answer: str | None = None,
) -> None:
    """Run a job in a fork of this process, with its output in a file.

    Args:
        job: what to do.
        folder: where.
        variables: of the environment.
        title: for errors.
        answer: last lines of a job that is to fail with status 2; None for one that is not.

    Raises:
        PageError: another exit status, another answer, or it takes too long.
    """
    log = folder / 'output.log'
    process = os.fork()
    if process == 0:
        os._exit(run_as_child(job, folder, variables, log))
    end = time.monotonic() + SECONDS
    while not (ended := os.waitpid(process, os.WNOHANG))[0] and time.monotonic() < end:
        time.sleep(0.02)
    if not ended[0]:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
    status = os.waitstatus_to_exitcode(ended[1]) if ended[0] else f'more than {SECONDS} s'
    output = log.read_text().rstrip()
    expected = (0, '') if answer is None else (2, answer.rstrip())
    if status != expected[0] or not output.endswith(expected[1]):
        raise PageError(f'{title}\nstatus: {status}\n{output[-3000:]}')


def run_as_child(
    job: Callable[[], object], folder: Path, variables: dict[str, str], log: Path
) -> int:
    """Run a job as a program that was just started; return its exit status."""
    os.setpgid(0, 0)
    with log.open('w') as output, open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.stdout, sys.stderr = map(line_writer, (1, 2))
    mmengine.config.config.FormatCode = lambda text, **_: (text, True)  # seconds each
    os.chdir(folder)
    os.environ.update(variables)
    paths = variables.get('PYTHONPATH', '').split(os.pathsep)
    sys.path[:0] = [str(Path(path).resolve()) for path in paths if path]
    try:
        job()
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code)
            return 1
        return leaving.code or 0
    except BaseException:
        traceback.print_exc(file=sys.stdout)
        return 1
    return 0


def line_writer(number: int) -> TextIO:
    """Return a file object of a descriptor that is open already."""
    return os.fdopen(number, 'w', buffering=1)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]
