"""What can be said of a block of Python without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable, Collection

from mmengine.registry import Registry

import mmavssl.registry
from mmavssl.models.utils.pretrained import InitCfg
from mmavssl.utils.components import accepted_arguments
from tests.test_docs.blocks import Block

#: Keys of a component that are not arguments.
OTHER_KEYS = {'type', '_delete_', '_scope_', 'priority'}
#: Arguments of what means more here than where it comes from.
OURS = {'Pretrained': InitCfg._fields}


def classes_in(text: str) -> set[str]:
    """Return the names of the classes that a program defines."""
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}


def faults(block: Block, own: Collection[str] = ()) -> list[str]:
    """Return names of ours that do not exist, and components that are not known or not so built.

    Args:
        block: of Python; one that is none raises a SyntaxError.
        own: classes that the page defines.
    """
    tree = ast.parse(block.text, f'{block.page}:{block.line}')
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('mmavssl'):
            module = importlib.import_module(node.module)
            names = [alias.name for alias in node.names]
            found += [f'{node.module}.{name}' for name in names if not hasattr(module, name)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == 'dict':
            found += component_faults(node, own)
    return found


def component_faults(call: ast.Call, own: Collection[str]) -> list[str]:
    """Return what is wrong with ``dict(type='Name', ...)``."""
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    kind = values.get('type')
    if not isinstance(kind, ast.Constant) or kind.value in own:
        return []
    target = find(kind.value)
    if target is None:
        return [f'{kind.value!r} is registered nowhere']
    accepted = OURS.get(kind.value) or accepted_arguments(target)
    unknown = values.keys() - OTHER_KEYS - {*(accepted or values)}
    return [f'{kind.value} has no argument {name!r}' for name in sorted(unknown)]


def find(name: str) -> Callable | None:
    """Return the component of a name, whatever its kind is."""
    for registry in vars(mmavssl.registry).values():
        if isinstance(registry, Registry) and (target := registry.get(name)) is not None:
            return target
    return None
