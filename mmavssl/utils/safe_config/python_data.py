"""Evaluate a config in Python that is data, without running it."""

import ast
import operator
from collections.abc import Iterable
from typing import Any, NamedTuple

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.safe_config.limits import MAX_DEPTH, MAX_INT, MAX_SIZE, refusal

BASE = '_base_'
KINDS = {
    ast.Import: 'an import', ast.ImportFrom: 'an import', ast.FunctionDef: 'a function',
    ast.ClassDef: 'a class', ast.Lambda: 'a function', ast.Call: 'a call',
    ast.Attribute: 'an attribute', ast.Subscript: 'an access by index', ast.If: 'a condition',
    ast.ListComp: 'a comprehension', ast.DictComp: 'a comprehension', ast.For: 'a loop',
    ast.While: 'a loop', ast.With: 'a `with`',
}  # fmt: skip
#: No powers, and no products of anything but numbers: they grow without bound.
ARITHMETIC = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
NUMBER = (int, float)
SCALAR = (str, int, float, type(None))  # bool is an int


class Data(NamedTuple):
    """A value, and how large it is: see `MAX_SIZE`."""

    value: Any
    size: int


def parse(text: str, path: str) -> ast.Module:
    """Return the syntax tree of a file.

    Raises:
        ConfigError: it is no Python, or nested too deeply.
    """
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise ConfigError(f'{path}:{error.lineno or 1}: {error.msg}. Correct the line.') from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(f'{path}: this is no Python that can be read: {error}.') from None


def bases_of(tree: ast.Module, path: str) -> list[str]:
    """Return what a file names as ``_base_``.

    Raises:
        ConfigError: not a string or a list of strings, or named twice.
    """
    found = [node for node in tree.body if isinstance(node, ast.Assign) and _is_base(node)]
    if not found:
        return []
    value = found[0].value
    items = value.elts if isinstance(value, ast.List) else [value]
    names = [item.value for item in items if isinstance(item, ast.Constant)]
    if len(found) > 1 or len(names) != len(items) or not all(isinstance(n, str) for n in names):
        raise refusal(
            path, found[-1].lineno, 'a `_base_` that is no string or list of strings',
            'Write the paths out, once',
        )  # fmt: skip
    return names


def _is_base(node: ast.Assign) -> bool:
    return len(node.targets) == 1 and getattr(node.targets[0], 'id', None) == BASE


class PythonData:
    """The values of a file.

    MMEngine runs what passes here, so what is accepted must do nothing but make values: names and
    literals, ``dict(...)``, lists and tuples, f-strings, and arithmetic.

    Args:
        path: of the file, for messages.
        references: strings that stand for ``{{_base_.key}}``.
        reference_size: that one of them may have.
    """

    def __init__(self, path: str, references: Iterable[str] = (), reference_size: int = 0) -> None:
        self.path = path
        self.references = frozenset(references)
        self.reference_size = reference_size
        self.names: dict[str, Data] = {}
        self.size = 0

    def read(self, tree: ast.Module) -> None:
        """Evaluate the assignments of a file.

        Raises:
            ConfigError: something in it is not data, or too large.
        """
        for node in tree.body:
            if isinstance(node, ast.Assign):
                if not _is_base(node):
                    self._assign(node)
            elif not (isinstance(node, ast.Expr) and _is_text(node.value)):
                raise self._refuse(node)

    def _assign(self, node: ast.Assign) -> None:
        value = self._value(node.value)
        for target in node.targets:
            if not isinstance(target, ast.Name):
                raise self._refuse(target)
            if target.id in (BASE, 'dict') or target.id.startswith('__'):
                raise self._refuse(target, f'a new value of `{target.id}`', 'Choose another name')
            self.names[target.id] = value
            self.size += value.size
            self._check_size(node, self.size)

    def _value(self, node: ast.AST, depth: int = 0) -> Data:
        if depth > MAX_DEPTH:
            raise self._refuse(node, 'a value nested too deeply', 'Give its parts names')
        read = _READERS.get(type(node))
        if read is None:
            raise self._refuse(node)
        value = read(self, node, depth + 1)
        self._check_size(node, value.size)
        return value

    def _constant(self, node: ast.Constant, _: int) -> Data:
        value = node.value
        if not isinstance(value, SCALAR) or (isinstance(value, int) and abs(value) > MAX_INT):
            raise self._refuse(node, 'a value that no config needs', 'Write a number or a string')
        if value in self.references:
            return Data(value, 1 + self.reference_size)
        return Data(value, 1 + len(value) if isinstance(value, str) else 1)

    def _name(self, node: ast.Name, _: int) -> Data:
        if node.id not in self.names:
            raise self._refuse(
                node, f'the name `{node.id}`, which has no value in this file before',
                'Values of a base are {{_base_.key}}; assign others first',
            )  # fmt: skip
        return self.names[node.id]

    def _sequence(self, node: ast.List | ast.Tuple, depth: int) -> Data:
        items, size = [], 1
        for item in node.elts:
            spread = isinstance(item, ast.Starred)
            value = self._value(item.value if spread else item, depth)
            if spread and not isinstance(value.value, (list, tuple)):
                raise self._refuse(item, 'a `*` before what is no list', 'Write the items out')
            size += value.size
            self._check_size(item, size)
            items.extend(value.value if spread else [value.value])
        return Data(items if isinstance(node, ast.List) else tuple(items), size)

    def _dict(self, node: ast.Dict, depth: int) -> Data:
        keys = [None if key is None else self._value(key, depth) for key in node.keys]
        return self._mapping(node, keys, node.values, depth)

    def _call(self, node: ast.Call, depth: int) -> Data:
        if not isinstance(node.func, ast.Name) or node.func.id != 'dict' or node.args:
            raise self._refuse(node)
        keys = [None if k.arg is None else Data(k.arg, 1 + len(k.arg)) for k in node.keywords]
        return self._mapping(node, keys, [keyword.value for keyword in node.keywords], depth)

    def _mapping(
        self, node: ast.AST, keys: list[Data | None], values: list[ast.AST], depth: int
    ) -> Data:
        """Return a dict; a key that is None stands for ``**value``."""
        items, size = {}, 1
        for key, child in zip(keys, values, strict=True):
            value = self._value(child, depth)
            size += value.size + (key.size if key else 0)
            self._check_size(child, size)
            if key is None and not isinstance(value.value, dict):
                raise self._refuse(child, 'a `**` before what is no dict', 'Write the items out')
            if key is not None and not isinstance(key.value, SCALAR):
                raise self._refuse(node, 'a key that is no string', 'Write a string')
            items.update(value.value if key is None else {key.value: value.value})
        return Data(items, size)

    def _text(self, node: ast.JoinedStr, depth: int) -> Data:
        parts, size = [], 1
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                if part.conversion != -1 or part.format_spec is not None:
                    raise self._refuse(part, 'a format in an f-string', 'Write the text out')
                part = part.value
            value = self._value(part, depth)
            if not isinstance(value.value, SCALAR):
                raise self._refuse(part, 'a list or dict in an f-string', 'Write the text out')
            size += value.size
            self._check_size(part, size)
            parts.append(str(value.value))
        text = ''.join(parts)
        return Data(text, 1 + len(text))

    def _negative(self, node: ast.UnaryOp, depth: int) -> Data:
        value = self._value(node.operand, depth).value
        if not isinstance(node.op, (ast.USub, ast.UAdd)) or not isinstance(value, NUMBER):
            raise self._refuse(node)
        return Data(-value if isinstance(node.op, ast.USub) else +value, 1)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Data:
        operation = ARITHMETIC.get(type(node.op))
        left, right = (self._value(side, depth) for side in (node.left, node.right))
        numbers = isinstance(left.value, NUMBER) and isinstance(right.value, NUMBER)
        joined = isinstance(node.op, ast.Add) and any(
            isinstance(left.value, kind) and isinstance(right.value, kind)
            for kind in (str, list, tuple)
        )
        if operation is None or not (numbers or joined):
            raise self._refuse(node)
        self._check_size(node, left.size + right.size)
        try:
            value = operation(left.value, right.value)
        except (ArithmeticError, ValueError) as error:
            raise self._refuse(node, f'a fault ({error})', 'Write the number') from None
        if isinstance(value, int) and abs(value) > MAX_INT:
            raise self._refuse(node, 'a number that no config needs', 'Write a smaller one')
        return Data(value, left.size + right.size)

    def _check_size(self, node: ast.AST, size: int) -> None:
        if size > MAX_SIZE:
            raise self._refuse(node, f'more than {MAX_SIZE} values and letters', 'Write less')

    def _refuse(
        self, node: ast.AST, what: str = '', advice: str = 'Write the value out'
    ) -> ConfigError:
        return refusal(self.path, node.lineno, what or describe(node), advice)


def describe(node: ast.AST) -> str:
    """Return what a piece of a program is, in words."""
    kind = KINDS.get(type(node), f'a piece of a program ({type(node).__name__})')
    name = getattr(node, 'func', node)
    return f'{kind} of `{name.id}`' if isinstance(name, ast.Name) else kind


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


_READERS = {
    ast.Constant: PythonData._constant, ast.Name: PythonData._name,
    ast.List: PythonData._sequence, ast.Tuple: PythonData._sequence, ast.Dict: PythonData._dict,
    ast.Call: PythonData._call, ast.JoinedStr: PythonData._text,
    ast.UnaryOp: PythonData._negative, ast.BinOp: PythonData._arithmetic,
}  # fmt: skip
