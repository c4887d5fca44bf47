"""The fenced blocks of the pages, and the commands in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: Whose blocks run (marked `docs`), unless `exemptions` says why not.
RUN_PAGES = ('README.md', *sorted(f'docs/{path.name}' for path in (ROOT / 'docs').glob('*.md')))
#: Whose commands, programs and links are looked at.
PAGES = (
    *RUN_PAGES, 'CONTRIBUTING.md', 'model_zoo.md', 'benchmarks/README.md',
    *sorted(
        str(path.relative_to(ROOT))
        for folder in ('configs', 'docs/examples')
        for path in (ROOT / folder).rglob('*.md')
    ),
)  # fmt: skip
FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
#: First words (but for variables) of blocks without a language that are commands all the same.
PROGRAMS = ('bash', 'mmavssl', 'pip', 'python', 'sbatch', 'source')
SHELLS = ('bash', 'sh')
VARIABLE = re.compile(r'(\w+)=(.*)', re.DOTALL)


class Command(NamedTuple):
    """A line of a shell.

    Attributes:
        words: program and arguments, without quotes.
        variables: what is set before it, as in ``PYTHONPATH=. python``.
        text: as it is written.
        answer: what it says before it fails, of a console.
    """

    words: tuple[str, ...]
    variables: dict[str, str]
    text: str
    answer: str | None = None


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        page: path of its page from the root of the repository.
        line: of the page on which its content begins.
        language: as the page says, or what it is taken for.
        text: its content.
    """

    page: str
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """The first line, by which it is known."""
        return self.text.partition('\n')[0]

    @property
    def file(self) -> str | None:
        """The file that it is, as its first line says; or None."""
        match = re.fullmatch(r'# ([\w./-]+\.py)', self.name)
        return match[1] if match and self.language == 'python' else None

    @property
    def commands(self) -> list[Command]:
        """The commands of a shell; of a console, what is typed, with its answer."""
        if self.language == 'console':
            typed = [part.partition('\n') for part in f'\n{self.text}'.split('\n$ ')[1:]]
            return [read_command(line)._replace(answer=text) for line, _, text in typed]
        lines = self.text.replace('\\\n', ' ').splitlines() if self.language in SHELLS else []
        return [found for line in lines if (found := read_command(line))]


def read_command(line: str) -> Command | None:
    """Return the command of a line; None for a comment or an empty line."""
    words, variables = shlex.split(line, comments=True), {}
    while words and (match := VARIABLE.fullmatch(words[0])):
        variables[match[1]] = match[2]
        words = words[1:]
    return Command(tuple(words), variables, line.strip()) if words else None


def read_blocks(page: str) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = (ROOT / page).read_text()
    blocks = []
    for match in FENCE.finditer(text):
        language, content = match.groups()
        if not language and any(word in PROGRAMS for word in content.split()[:2]):
            language = 'bash'
        line = text[: match.start(2)].count('\n') + 1
        blocks.append(Block(page, line, language or 'text', content))
    return blocks
