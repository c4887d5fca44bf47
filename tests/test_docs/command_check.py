"""What can be said of a command without running it."""

from __future__ import annotations

import argparse
import ast
import functools
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from types import ModuleType

from mmavssl.utils.commands import COMMANDS, GROUPS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from tests.test_docs.blocks import ROOT, Command, read_command

#: Programs that are not ours.
OTHERS = ('cd', 'cp', 'export', 'mkdir', 'sed', 'source', 'sha256sum', 'tensorboard')
#: Scripts that hand arguments to a tool: which one, and how many of theirs come first.
WRAPPERS = {
    'tools/dist_train.sh': ('tools/train.py', 2, lambda own: own[:1]),
    'tools/dist_test.sh': ('tools/test.py', 3, lambda own: own[:2]),
    'tools/slurm_train.sh': ('tools/train.py', 4, lambda own: [own[2], '--work-dir', own[3]]),
}
FOLDERS = re.compile(r'(?:benchmarks|configs|docs|mmavssl|tests|tools)/[\w./-]+')


class UsageError(Exception):
    """What argparse says of arguments."""


class Parsed(BaseException):
    """Ends a tool as soon as its arguments are parsed."""


def check_command(command: Command) -> None:
    """Raise if a tool, a file, an option or a key of a config in it does not exist.

    The current folder is a checkout, with the files that the page defines.

    Args:
        command: of a page.

    Raises:
        UsageError: what is wrong.
        ConfigError: likewise, of a config.
    """
    program, *words = (re.sub(r'\$\w+', '1', word) for word in command.words)
    for word in words:
        if FOLDERS.match(word) and not glob(word):
            raise UsageError(f'{word} does not exist.')
    if program == 'python':
        check_python(words)
    elif program == 'bash':
        check_script(words)
    elif program == 'mmavssl':
        check_subcommand(words)
    elif program == 'pip':
        check_pip(words)
    elif program == 'sbatch':
        check_command(read_command(words[words.index('--wrap') + 1]))
    elif program not in OTHERS:
        raise UsageError(f'{program}: not a program that pages use.')


def check_python(words: list[str]) -> None:
    """Check ``python FILE ...`` and ``python -m MODULE ...``."""
    if words[:2] == ['-m', 'mmavssl']:
        check_subcommand(words[2:])
    elif words[0] == '-m':
        if (ROOT / f'{words[1].replace(".", "/")}.py').is_file():
            check_arguments(importlib.import_module(words[1]), words[2:])
        elif words[1] not in ('pip', 'venv', 'pytest', 'mkdocs'):
            raise UsageError(f'python -m {words[1]}: no such module.')
    else:
        check_arguments(load_tool(words[0]), words[1:])


def check_script(words: list[str]) -> None:
    """Check ``bash SCRIPT ...``."""
    script, *arguments = words
    if not (ROOT / script).is_file():
        raise UsageError(f'{script} does not exist.')
    if script in WRAPPERS:
        tool, count, kept = WRAPPERS[script]
        if len(arguments) < count:
            raise UsageError(f'{script} needs {count} arguments.')
        arguments = [*kept(arguments[:count]), *arguments[count:]]
        check_arguments(load_tool(tool), arguments)


def check_subcommand(words: list[str]) -> None:
    """Check ``mmavssl COMMAND ...``."""
    size = 2 if words[:1] and words[0] in GROUPS else 1
    name = ' '.join(words[:size])
    if name not in COMMANDS:
        raise UsageError(f'mmavssl {name}: no such command.')
    check_arguments(load_tool(f'tools/{COMMANDS[name]}.py'), words[size:])


def check_pip(words: list[str]) -> None:
    """Check that ``.[extra]`` and ``mmavssl[extra]`` are extras of setup.py."""
    for word in words:
        match = re.search(r'(?:^\.|mmavssl)\[([\w,]+)\]', word)
        unknown = {*match[1].split(',')} - extras() if match else set()
        if unknown:
            raise UsageError(f'pip install {word}: setup.py has no extra {unknown}.')


@functools.cache
def extras() -> set[str]:
    """Return the names of the extras in setup.py."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    [found] = [node.value for node in keywords if node.arg == 'extras_require']
    return {key.value for key in found.keys}


@functools.cache
def load_tool(path: str) -> ModuleType:
    """Import a tool of the repository by its path."""
    if not (ROOT / path).is_file():
        raise UsageError(f'{path} does not exist.')
    name = f'docs_{Path(path).with_suffix("").as_posix().replace("/", "_")}'
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    folder = str((ROOT / path).parent)  # where Python looks for what a script imports
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


@contextmanager
def parsing_alone(stop: bool) -> Iterator[None]:
    """Let argparse raise what it says, and with ``stop`` end the tool when it has parsed."""
    parser, real = argparse.ArgumentParser, argparse.ArgumentParser.parse_args
    error = parser.error

    def refuse(self: argparse.ArgumentParser, message: str) -> None:
        raise UsageError(message)

    def parse_and_stop(self: argparse.ArgumentParser, *args: object) -> None:
        raise Parsed(real(self, *args))

    parser.error = refuse
    parser.parse_args = parse_and_stop if stop else real
    try:
        yield
    finally:
        parser.error, parser.parse_args = error, real


def parse(module: ModuleType, words: list[str]) -> argparse.Namespace:
    """Return what a tool makes of its arguments."""
    if hasattr(module, 'parse_args'):
        with parsing_alone(stop=False):
            return module.parse_args(words)
    with parsing_alone(stop=True):
        try:
            module.main(words)
        except Parsed as parsed:
            return parsed.args[0]
    raise UsageError(f'{module.__name__} has parsed nothing.')


def check_arguments(module: ModuleType, words: list[str]) -> None:
    """Check options, and the config that they name with what they change in it."""
    args = parse(module, words)
    config = getattr(args, 'config', None) or getattr(args, 'model', None)
    if not config or not config.endswith('.py') or config.startswith('work_dirs/'):  # of a run
        return
    if 'custom_imports' not in Path(config).read_text():
        check_config(load_config(config, getattr(args, 'cfg_options', ())))
