"""Programs in the place of a config: each makes a file where it is run, and none is."""

import time
from contextlib import suppress

import pytest

from mmavssl.utils.configs import load_config

RUN = {
    'call': "x = open('pwned', 'w')",
    'call without a name': "open('pwned', 'w')",
    'import': "import os\nos.mknod('pwned')",
    'import from': "from os import mknod\nmknod('pwned')",
    'import by name': "x = __import__('os').mknod('pwned')",
    'eval': """x = eval("open('pwned', 'w')")""",
    'exec': """exec("open('pwned', 'w')")""",
    'compiled': """exec(compile("open('pwned', 'w')", '', 'exec'))""",
    'builtins': "x = __builtins__['open']('pwned', 'w')",
    'function': "def f():\n    open('pwned', 'w')\nf()",
    'default of a parameter': "def f(x=open('pwned', 'w')):\n    pass",
    'decorator': "@lambda f: open('pwned', 'w')\ndef f():\n    pass",
    'class': "class A:\n    open('pwned', 'w')",
    'metaclass': "class A(metaclass=lambda *a: open('pwned', 'w')):\n    pass",
    'lambda': "x = (lambda: open('pwned', 'w'))()",
    'list comprehension': "x = [open(n, 'w') for n in ['pwned']]",
    'dict comprehension': "x = {n: open(n, 'w') for n in ['pwned']}",
    'generator': "x = list(open(n, 'w') for n in ['pwned'])",
    'walrus': "x = [y := open('pwned', 'w')]",
    'condition': "x = 1 if open('pwned', 'w') else 2",
    'logic': "x = True and open('pwned', 'w')",
    'comparison': "x = 1 < (open('pwned', 'w') is None)",
    'index': "x = [1][open('pwned', 'w') is None]",
    'attribute': "x = open('pwned', 'w').name",
    'f-string': """x = f"{open('pwned', 'w')}" """,
    'format of an f-string': """x = f"{'a':{open('pwned', 'w') and 5}}" """,
    'argument of dict': "x = dict(a=open('pwned', 'w'))",
    'dict in dict': "x = dict(**dict(a=[open('pwned', 'w')]))",
    'keyword of a function called dict': "dict = open\nx = dict(file='pwned', mode='w')",
    'key': "x = {open('pwned', 'w'): 1}",
    'list': "x = [1, (2, [open('pwned', 'w')])]",
    'star': "x = [*open('pwned', 'w+')]",
    'set': "x = {open('pwned', 'w')}",
    'target': "x = [0]\nx[open('pwned', 'w') is None] = 1",
    'annotation': "x: open('pwned', 'w') = 1",
    'value with an annotation': "x: int = open('pwned', 'w')",
    'augmented': "x = []\nx += [open('pwned', 'w')]",
    'if': "if open('pwned', 'w'):\n    pass",
    'for': "for x in [open('pwned', 'w')]:\n    pass",
    'while': "while open('pwned', 'w'):\n    break",
    'with': "with open('pwned', 'w'):\n    pass",
    'try': "try:\n    x = undefined\nexcept open('pwned', 'w') and NameError:\n    pass",
    'assert': "assert open('pwned', 'w')",
    'del': "x = {}\nx[1] = 2\ndel x[open('pwned', 'w') is None or 1]",
    'second statement of a line': "x = 1; open('pwned', 'w')",
    'after a text': "'''A config.'''; open('pwned', 'w')",
    'letters that look like others': "x = ｏｐｅｎ('pwned', 'w')",  # noqa: RUF001
    'base': "_base_ = [open('pwned', 'w').name]",
    'base as a call': "_base_ = open('pwned', 'w').name",
    'end of a line by a form feed': "x = 1\f\nopen('pwned', 'w')",
}  # fmt: skip


@pytest.mark.parametrize('name', RUN)
def test_programs_are_refused(configs, name):
    message = configs.refused(RUN[name])
    assert message.startswith('cfg.py:') or str(configs.root) in message
    assert '--safe-config' in message


@pytest.mark.parametrize('name', RUN)
def test_programs_would_have_run(configs, name):
    names = {}
    with suppress(TypeError, ValueError, AttributeError):  # after the deed
        exec(compile(RUN[name], name, 'exec'), names, names)
    assert (configs.root / 'pwned').exists()


def test_message_names_file_line_and_remedy(configs):
    message = configs.refused("x = 1\ny = [\n    open('pwned', 'w'),\n]\n")
    assert message == (
        f'{configs.root}/cfg.py:3: --safe-config accepts data only, but here is a call of `open`. '
        'Write the value out, or leave --safe-config out after you have read the file.'
    )


LARGE = {
    'power': 'x = 10 ** 10 ** 10',
    'string': "x = 'x' * 10 ** 9",
    'repeated string': "x = 'x' * 1000000000",
    'repeated list': 'x = [0] * 1000000000',
    'shift': 'x = 1 << 1000000000',
    'products': 'x = 2000000000\n' + 'x = x * x\n' * 40,
    'digits': 'x = 0x' + 'f' * 100_000,
    'doubled list': 'x = [0]\n' + 'x = [*x, *x]\n' * 50,
    'list of lists': 'x = [0]\n' + 'x = [x, x]\n' * 50,
    'doubled tuple': 'x = (0,)\n' + 'x = x + x\n' * 50,
    'doubled string': "x = 'a'\n" + "x = f'{x}{x}'\n" * 50,
    'dict of dicts': 'x = dict(a=0)\n' + 'x = dict(a=x, b=x)\n' * 50,
    'padded string': "x = f'{1:1000000000}'",
    'quoted string': "x = '\\\\'\n" + "x = f'{x!r}'\n" * 50,
    'quoted list': "x = '\\\\'\n" + "x = f'{[x]}'\n" * 50,
    'percent': "x = '%1000000000d' % 1",
    'nested': 'x = ' + '[' * 150 + ']' * 150,
    'nested deeper': 'x = ' + '(' * 10_000 + ')' * 10_000,
    'signs': 'x = ' + '-' * 50_000 + '1',
    'sum': 'x = 1' + ' + 1' * 50_000,
    'file': '#' * 300_000,
}  # fmt: skip


@pytest.mark.parametrize('name', LARGE)
def test_work_is_bounded(configs, name):
    begin = time.process_time()
    configs.refused(LARGE[name])
    assert time.process_time() - begin < 5


DATA = """
'''A config.'''
number = -1.5e-3
word = 'a' 'b' + "c"
seconds = 32 * 4 / 16 - 1 // 2
both = first = (1, None, True)
listed = [*both, [word], *[2]]
name = f'{word}/{number}_{None}'
table = {'a': 1, 2: dict(b=listed, **dict(c=3)), **dict(d=4)}
model = dict(name=name, table=table, nothing=())
"""


def test_data_are_as_without(configs):
    path = str(configs.write(DATA))
    safe, run = load_config(path, safe=True), load_config(path)
    assert safe.to_dict() == run.to_dict()
    assert safe.text == run.text
    assert safe.table == {'a': 1, 2: {'b': [1, None, True, ['abc'], 2], 'c': 3}, 'd': 4}


@pytest.mark.parametrize(
    ('text', 'part'),
    [
        ('x = 1 / 0', 'a fault (division by zero)'),
        ('x = [*1]', 'a `*` before what is no list'),
        ('x = dict(**[1])', 'a `**` before what is no dict'),
        ('x = {[1]: 2}', 'a key that is no string'),
        ('x = y', 'the name `y`, which has no value in this file before'),
        ('x = _base_', 'the name `_base_`, which'),
        ("__file__ = 'a'", 'a new value of `__file__`'),
        ('x = b"a"', 'a value that no config needs'),
        ('x = 1j', 'a value that no config needs'),
        ('x = ...', 'a value that no config needs'),
        ('x = not 1', 'a piece of a program (UnaryOp)'),
        ("x = 'a' - 'b'", 'a piece of a program (BinOp)'),
        ('x, y = 1, 2', 'a piece of a program (Tuple)'),
        ('x = 1\nx.a = 2', 'an attribute of'),
        ('x = dict([1])', 'a call of `dict`'),
        ('x = (', 'was never closed'),
        ('x = "\0"', 'null bytes'),
    ],
)
def test_what_else_is_said(configs, text, part):
    message = configs.refused(text)
    assert part.removesuffix(' of') in message
