"""Check a config file, and those it is based on, before MMEngine reads them.

MMEngine opens the files again, so a folder that somebody else can write into while a tool starts
is not made safe by this.
"""

import os
import re

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.package_bases import PREFIX, package_base
from mmavssl.utils.safe_config import python_data, text_data
from mmavssl.utils.safe_config.limits import MAX_BYTES, MAX_FILES, MAX_SIZE, refusal

REFERENCE = re.compile(r'\{\{\s*_base_\.([\w.]+)\s*\}\}')
#: MMEngine fills these in, also with variables of the environment, which could hold code.
TEMPLATE = '{{'
TEXT_READERS = {
    '.json': text_data.read_json, '.yaml': text_data.read_yaml, '.yml': text_data.read_yaml,
}  # fmt: skip


def check_files_are_data(path: str) -> None:
    """Raise unless a config file and its bases are data; nothing of them is run.

    Args:
        path: of the file.

    Raises:
        ConfigError: one line with file, line, and what is there.
    """
    _Files().check(os.path.abspath(os.path.expanduser(path)), path)


class _Files:
    """Counts files, as two that name each other would go on for ever."""

    def __init__(self) -> None:
        self.count = 0

    def check(self, path: str, shown: str) -> int:
        """Check a file and its bases.

        Args:
            path: where MMEngine will open it.
            shown: how messages call it.

        Returns:
            How large all that it makes may be, see `MAX_SIZE`.
        """
        self.count += 1
        if self.count > MAX_FILES:
            raise ConfigError(f'{shown}: more than {MAX_FILES} files by `_base_`. Use fewer.')
        text, references = substitute(read_text(path, shown), path, shown)
        read = self._python if path.endswith('.py') else self._text
        size = read(path, shown, text, references)
        if size > MAX_SIZE:
            raise ConfigError(f'{shown}: more than {MAX_SIZE} values and letters. Write less.')
        return size

    def _python(self, path: str, shown: str, text: str, references: list[str]) -> int:
        tree = python_data.parse(text, shown)
        base_size = self._bases(path, shown, python_data.bases_of(tree, shown))
        data = python_data.PythonData(shown, references, base_size)
        data.read(tree)
        return base_size + data.size

    def _text(self, path: str, shown: str, text: str, references: list[str]) -> int:
        content = TEXT_READERS[os.path.splitext(path)[1]](text, shown)
        base_size = self._bases(path, shown, text_data.bases_of(content, shown))
        return base_size + len(text) + len(references) * base_size

    def _bases(self, path: str, shown: str, names: list[str]) -> int:
        size = 0
        for name in names:
            if name.startswith(PREFIX):
                base, title = package_base(name), name
            elif '::' in name:
                raise refusal(
                    shown, 1, f'a config of another package ({name!r})', 'Copy it to a path here'
                )
            else:
                base = os.path.abspath(os.path.join(os.path.dirname(path), name))
                title = os.path.relpath(base)
            size += self.check(base, title)
        return size


def read_text(path: str, shown: str) -> str:
    """Return the text of a config, as MMEngine reads it.

    Raises:
        ConfigError: no such file, not of a kind that MMEngine reads, no text, or too long.
    """
    if os.path.splitext(path)[1] not in ('.py', *TEXT_READERS):
        raise ConfigError(f'{shown}: a config is a file *.py, *.json, *.yaml or *.yml.')
    if not os.path.isfile(path):
        raise ConfigError(f'{shown} does not exist, or is no file. Correct the path or `_base_`.')
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f'{shown} cannot be read: {error}.') from None
    if len(text) > MAX_BYTES:
        raise ConfigError(f'{shown} has more than {MAX_BYTES} letters: this is no config.')
    return text


def substitute(text: str, path: str, shown: str) -> tuple[str, list[str]]:
    """Put parts of the path, and strings for values of a base, where MMEngine puts them.

    It does so in the text, before that is parsed: a path may have quotes, too.

    Returns:
        The text and the strings in it.

    Raises:
        ConfigError: MMEngine would put in something else as well.
    """
    references = []

    def put(match: re.Match) -> str:
        references.append(f'_{match[1]}_{len(references):06x}')
        return f'"{references[-1]}"'

    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    for key, value in {
        'fileDirname': folder,
        'fileBasename': name,
        'fileBasenameNoExtension': stem,
        'fileExtname': extension,
    }.items():
        text = re.sub(rf'\{{\{{\s*{key}\s*\}}\}}', value.replace('\\', '/'), text)
    text = REFERENCE.sub(put, text)
    before, found, _ = text.partition(TEMPLATE)
    if found:
        raise refusal(
            shown, before.count('\n') + 1, 'a `{{`, which MMEngine fills in before reading',
            'Only {{_base_.key}} and {{fileDirname}} may be used',
        )  # fmt: skip
    return text, references
