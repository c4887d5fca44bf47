"""Print the components of every registry, or write them into docs/components.md.

Example:
    python tools/docs/list_components.py
    python tools/docs/list_components.py --write

Of each component it has the first line of its docstring and its arguments, read from the code.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmavssl.utils.cli import run_tool
from mmavssl.utils.guarded_output import guarded_output
from mmavssl.utils.managed_text import replace_part

if TYPE_CHECKING:
    from mmengine.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs/components.md'
PART, TOOL = 'components', 'tools/docs/list_components.py --write'
KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--write', action='store_true', help='write them into docs/components.md')
    return parser.parse_args(argv)


def own_registries() -> dict[str, Registry]:
    """Return the registries of `mmavssl.registry` by name; one with two names, by both at once."""
    from mmengine.registry import Registry

    from mmavssl import registry as module

    names: dict[int, list[str]] = {}
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, Registry) and not name.startswith('MMENGINE_')
    }
    for name, value in found.items():
        names.setdefault(id(value), []).append(name)
    return {', '.join(same): found[same[0]] for same in names.values()}


def components(registry: Registry) -> dict[str, Callable]:
    """Return what this package has registered, by name, in the order of the alphabet."""
    registry.import_from_location()
    return {
        name: component
        for name, component in sorted(registry.module_dict.items())
        if component.__module__.startswith('mmavssl.')
    }


def keys_of(registry: Registry) -> list[str]:
    """Return the keys under which a config has components of a registry."""
    from mmavssl.utils.config_slots import DATALOADER_SLOTS, NESTED_SLOTS, TOP_LEVEL_SLOTS

    slots = {**TOP_LEVEL_SLOTS, **DATALOADER_SLOTS, **NESTED_SLOTS}
    return [key for key, slot in slots.items() if slot.registry is registry]


def arguments(component: Callable) -> list[str]:
    """Return the arguments with their defaults; ``**kwargs`` are those of the bases.

    >>> arguments(lambda size, mode='fast': None)
    ['size', "mode='fast'"]
    """
    found: dict[str, str] = {}
    functions = constructors(component)
    for function in functions:
        parameters = inspect.signature(function).parameters.values()
        for parameter in parameters:
            if parameter.kind in KINDS and parameter.name != 'self':
                found.setdefault(parameter.name, as_written(parameter))
            elif parameter.kind is parameter.VAR_KEYWORD and len(functions) == 1:
                found[parameter.name] = f'**{parameter.name}'
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return list(found.values())


def constructors(component: Callable) -> list[Callable]:
    """Return the constructors of a class and its bases, or a function as it is."""
    import torch

    if not inspect.isclass(component):
        return [component]
    classes = [base for base in component.__mro__ if '__init__' in vars(base)]
    return [base.__init__ for base in classes if base not in (object, torch.nn.Module)]


def as_written(parameter: inspect.Parameter) -> str:
    """Return a parameter as a call would have it."""
    if parameter.default is parameter.empty:
        return parameter.name
    default: Any = parameter.default
    return f'{parameter.name}={getattr(default, "__name__", None) or repr(default)}'


def row(name: str, component: Callable) -> str:
    """Return a row of the table."""
    path = Path(inspect.getfile(component)).resolve().relative_to(ROOT).as_posix()
    line = (inspect.getdoc(component) or '').partition('\n')[0]
    values = ', '.join(f'`{argument}`' for argument in arguments(component))
    cells = (f'[{name}](../{path})', line, values)
    return f'| {" | ".join(cell.replace("|", chr(92) + "|") for cell in cells)} |'


def section(names: str, registry: Registry) -> str:
    """Return the heading, the keys and the table of a registry."""
    lines = [f'## {names}', '']
    if keys := keys_of(registry):
        lines += [f'In configs: {", ".join(f"`{key}`" for key in keys)}.', '']
    lines += ['| component | | arguments |', '|---|---|---|']
    return '\n'.join([*lines, *(row(*item) for item in components(registry).items())])


def catalogue() -> str:
    """Return the tables of all registries."""
    registries = own_registries()
    ours = {names: registry for names, registry in registries.items() if components(registry)}
    others = ', '.join(f'`{names}`' for names in registries if names not in ours)
    tables = [section(*item) for item in ours.items()]
    return '\n\n'.join([*tables, '## Others', f"With MMEngine's components alone: {others}."])


def run(args: argparse.Namespace) -> None:
    """Print or write the tables."""
    from mmavssl.utils.errors import ConfigError

    if not args.write:
        print(catalogue())
    elif not PAGE.is_file():
        raise ConfigError(f'{PAGE} is not there: --write needs a clone of the repository.')
    else:
        PAGE.write_text(replace_part(PAGE.read_text(), PART, TOOL, catalogue()))
        print(PAGE.relative_to(ROOT))


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('list_components', run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
