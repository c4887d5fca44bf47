"""Compare the values of a config with the annotations of what they are meant for.

A config is untyped: a list where a number belongs is found late, by an error of something deep
below that knows no key. What is compared is what configs are written in: numbers, strings, lists
and dicts. Objects, as a config in Python may have them, are left to whoever takes them.
"""

import collections.abc
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from mmavssl.utils.errors import ConfigError

#: What a config can be written in without code.
PLAIN = (bool, int, float, str, bytes, list, tuple, Mapping, type(None))
SEQUENCES = (
    list, tuple, set, collections.abc.Sequence, collections.abc.Iterable,
    collections.abc.Collection,
)  # fmt: skip
MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
#: By the type of a default, where there is no annotation.
INFERRED = {bool: bool, str: str, int: float, float: float}
#: MMEngine's annotations that are wrong: a number or a dict, and a list of dicts, will do.
WRONG = {('AmpOptimWrapper', 'loss_scale'), ('ASLVisualizer', 'vis_backends')}
SHOWN = 100


def check_types(target: Callable, arguments: Mapping[str, Any], where: str = '') -> None:
    """Raise at the first argument that is not of the type that ``target`` expects.

    Args:
        target: class or function with annotations; where it has none, anything is right.
        arguments: by name.
        where: path of the arguments in the config, for the message.

    Raises:
        ConfigError: names the key, the component, and what was expected.
    """
    parameters = typed_parameters(target)
    for name, value in arguments.items():
        expected = parameters.get(name, parameters.get('**'))
        if expected is None or fits(value, expected[0]) or is_default(value, expected[1]):
            continue
        if (target.__name__, name) in WRONG or (name == 'init_cfg' and fits(value, list[dict])):
            continue
        if not is_plain(expected[0]) and not is_ours(target, name):
            continue  # MMEngine builds such objects from what a config has
        prefix = f'{where}.{name}: ' if where else ''
        raise ConfigError(
            f'{prefix}{target.__name__} expects `{name}` to be {describe(expected[0])}, but got '
            f'{short(value)}.'
        )


def is_ours(target: Callable, name: str) -> bool:
    """Whether a parameter is one of ours, and not one that a class of ours has inherited."""
    bases = target.__mro__ if inspect.isclass(target) else [target]
    for base in bases:
        source = base.__dict__.get('__init__') if inspect.isclass(base) else base
        if inspect.isfunction(source) and name in inspect.signature(source).parameters:
            return source.__module__.startswith('mmavssl')
    return (getattr(target, '__module__', None) or '').startswith('mmavssl')


@cache
def typed_parameters(target: Callable) -> dict[str, tuple[Any, Any]]:
    """Return annotation and default of each parameter; ``**`` has those of any other name.

    ``**kwargs`` of a class is followed through its bases.
    """
    is_class = inspect.isclass(target)
    sources = [base.__dict__.get('__init__') for base in target.__mro__] if is_class else [target]
    found: dict[str, tuple[Any, Any]] = {}
    for source in sources:
        if not inspect.isfunction(inspect.unwrap(source)) if source else True:
            continue
        parameters = inspect.signature(source).parameters.values()
        hints = annotations_of(source)
        takes_any = False
        for parameter in parameters:
            known = parameter.name in hints
            if parameter.kind is parameter.VAR_KEYWORD:
                takes_any = True
                if known and hints[parameter.name] is not Any:
                    found.setdefault('**', (hints[parameter.name], parameter.empty))
            elif type(parameter.default) in INFERRED and not known:
                hint = INFERRED[type(parameter.default)] | None
                found.setdefault(parameter.name, (hint, parameter.default))
            elif known:
                found.setdefault(parameter.name, (hints[parameter.name], parameter.default))
        if not takes_any:
            break
    return found


def annotations_of(function: Callable) -> dict[str, Any]:
    """Return the annotations of a function, without those that cannot be evaluated."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # names that are imported for type checkers alone
        return {
            name: hint
            for name, hint in getattr(function, '__annotations__', {}).items()
            if not isinstance(hint, str)
        }


def fits(value: Any, expected: Any) -> bool:
    """Return whether a value of a config is of a type.

    Lists and tuples are one, as a config in JSON or YAML has lists alone. An int is a float, True
    is no number, and no number is infinite or NaN.

    >>> fits((1, 2), list[int]), fits('a', int | None), fits(True, int), fits(1, float)
    (True, False, False, True)
    """
    if expected in (Any, inspect.Parameter.empty, object) or not isinstance(value, PLAIN):
        return True
    origin, args = get_origin(expected) or expected, get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, arg) for arg in args)
    if origin is typing.Literal:
        return value in args
    if origin in MAPPINGS:
        return isinstance(value, Mapping) and (
            len(args) != 2 or all(fits(v, args[1]) for v in value.values())
        )
    if origin in SEQUENCES:
        return isinstance(value, list | tuple) and items_fit(value, origin, args)
    if origin is collections.abc.Callable:  # built from its config
        return isinstance(value, Mapping) and 'type' in value
    return is_simple(value, origin)


def is_plain(expected: Any) -> bool:
    """Return whether a type, or one of several, is such that a config can be written in it."""
    origin, args = get_origin(expected) or expected, get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return any(is_plain(arg) for arg in args if arg is not type(None))
    return origin in (*SEQUENCES, *MAPPINGS, bool, int, float, str)


def is_simple(value: Any, expected: Any) -> bool:
    """Return whether a value is of a type that has no parts."""
    if expected in (None, type(None)):
        return value is None
    if expected in (int, float):
        is_number = isinstance(value, (int, expected)) and not isinstance(value, bool)
        return is_number and (isinstance(value, int) or math.isfinite(value))
    if inspect.isclass(expected):
        return isinstance(value, expected)
    return True  # type variables and the like


def items_fit(value: list | tuple, origin: type, args: tuple) -> bool:
    """Return whether the items of a list are of the types that stand in brackets."""
    if origin is tuple and args and args[-1] is not Ellipsis:
        return len(value) == len(args) and all(map(fits, value, args))
    return not args or all(fits(item, args[0]) for item in value)


def is_default(value: Any, default: Any) -> bool:
    """Return whether a value is the default, which its annotation may forget."""
    return value is default or (type(value) is type(default) and value == default)


def describe(expected: Any) -> str:
    """Return words for a type.

    >>> describe(int | None), describe(tuple[int, int]), describe(dict[str, float])
    ('an int or None', 'a list of 2 (an int, an int)', 'a dict (of a number)')
    """
    origin, args = get_origin(expected) or expected, get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return ' or '.join(dict.fromkeys(map(describe, args)))
    if origin in MAPPINGS:
        return f'a dict (of {describe(args[1])})' if len(args) == 2 and args[1] is not Any else (
            'a dict'
        )
    if origin in SEQUENCES:
        if origin is tuple and args and args[-1] is not Ellipsis:
            return f'a list of {len(args)} ({", ".join(map(describe, args))})'
        return f'a list (of {describe(args[0])})' if args and args[0] is not Any else 'a list'
    words = {
        int: 'an int', float: 'a number', str: 'a string', bool: 'True or False',
        type(None): 'None', collections.abc.Callable: 'a function',
    }  # fmt: skip
    if origin in words:
        return words[origin]
    name = getattr(origin, '__name__', str(origin))
    return f'{"an" if name[0] in "AEIOU" else "a"} {name}'


def short(value: Any) -> str:
    """Return a value as a message shows it."""
    text = repr(value)
    return text if len(text) <= SHOWN else f'{text[:SHOWN]}...'
