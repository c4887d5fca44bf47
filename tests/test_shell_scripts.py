"""The shell scripts: a variable may be a file's name, with blanks and stars, so it is quoted."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / 'tools').rglob('*.sh'))
#: What is meant to be several words.
WORDS = ('${SRUN_ARGS:-}', '${MMAVSSL_PIP_ARGS:-}')
#: Numbers, which the shell itself has made.
NUMBERS = ('$#', '$?', '$$', '$!')
TOKEN = re.compile(
    r"""(?P<skipped>\\. | \$\(\(.*?\)\))
    | (?P<plain_in_quotes>'[^']*' | (?<!\S)\#[^\n]* | \[\[ | \]\])
    | (?P<begin>\$\() | (?P<end>\)) | (?P<quote>")
    | (?P<value>\$(?:\{[^}]*\} | \w+ | [@*\#?$!]))
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
#: An assignment, ``<<<`` and ``case``: after these a value stays one word.
KEEPS_TOGETHER = re.compile(r'(?:(?:^|[\s;&|(])\w+\+?=\S*|<<<\s*|\bcase\s+)$')


def unquoted(script: str) -> list[str]:
    """Return the values in a script that the shell would split into words and expand."""
    found, stack, in_test, index = [], [], False, 0
    while index < len(script):
        match = TOKEN.match(script, index)
        kind, text, begin = match.lastgroup, match[0], index
        in_quotes = stack[-1:] == ['"']
        index = match.end()
        if kind == 'plain_in_quotes' and in_quotes:
            index = begin + 1
        elif kind == 'plain_in_quotes':
            in_test = text == '[[' or (in_test and text != ']]')
        elif kind == 'quote' and in_quotes:
            stack.pop()
        elif kind == 'quote':
            stack.append('"')
        elif kind == 'end' and stack[-1:] == [')']:
            stack.pop()
        elif (
            kind in ('begin', 'value')
            and not (in_quotes or in_test or text in (*WORDS, *NUMBERS))
            and not KEEPS_TOGETHER.search(script[:begin])
        ):
            found.append(f'{script.count(chr(10), 0, begin) + 1}: {text}')
        stack += [')'] if kind == 'begin' else []
    return found


@pytest.mark.parametrize(
    'script',
    ['cat $1', 'cat a/$file', 'cat ${file}', 'cat $(ls)', 'cat "$a" $b', 'echo "$(cat $1)"',
     'for x in $@; do :; done', 'for x in $files; do :; done', '[ -f $file ]', 'x=1 cat $x'],
)  # fmt: skip
def test_what_is_unquoted(script):
    assert unquoted(script)


@pytest.mark.parametrize(
    'script',
    ['cat "$1"', "cat '$1'", 'cat "a/${file%.*}" # $1', 'x=$1', 'local x=$1 y=$(ls "$2")',
     '[[ -f $file ]]', 'x=$(cat "$(dirname "$0")/a")', 'exit $?', 'read -r x <<< $line',
     'echo $((a + b))', 'run "${@:2}"', 'echo \\$1', 'case $x in a) ;; esac',
     'srun ${SRUN_ARGS:-}'],
)  # fmt: skip
def test_what_is_quoted(script):
    assert unquoted(script) == []


def test_scripts_quote_every_value():
    assert len(SCRIPTS) >= 6
    found = {path.name: unquoted(path.read_text()) for path in SCRIPTS}
    assert {name: values for name, values in found.items() if values} == {}


def test_scripts_run_no_text():
    for path in SCRIPTS:
        code = re.sub(r'(^|\s)#.*', '', path.read_text())
        assert not re.search(r'\beval\b|\bsource /dev/|\b(?:ba)?sh -c\b', code), path
        assert 'curl' not in code
        assert 'wget' not in code
