"""Call the class of a component, and say in one line what it lacks to be one."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from mmavssl.utils.argument_types import short
from mmavssl.utils.errors import CLEAR, ConfigError

#: What torch says where a class of modules does not begin with its base.
BARE_MODULE = 'before Module.__init__() call'
#: All that the code of a method names which only raises an error.
STUB = {'NotImplementedError', 'type', '__name__'}


def construct(target: Callable, args: dict) -> Any:
    """Return what a class or function gives for arguments.

    Raises:
        ConfigError: the component refuses a value, or the class is not complete.
    """
    check_written(target)
    try:
        component = target(**args)
    except CLEAR:
        raise
    except ValueError as error:  # constructors say what they expected, not who they are
        raise ConfigError(f'{target.__name__}: {error}') from error
    except (TypeError, ArithmeticError, AttributeError, LookupError, AssertionError) as error:
        if str(error).endswith(BARE_MODULE):
            raise ConfigError(without_base(target)) from error
        raise ConfigError(
            f'{target.__name__} cannot be built: {type(error).__name__}: {error}. Its arguments: '
            f'{short(args)}.'
        ) from error
    if isinstance(component, nn.Module) and '_modules' not in vars(component):
        raise ConfigError(without_base(type(component)))
    return component


def check_written(target: Callable) -> None:
    """Raise a `ConfigError` if a class lacks a method that its base leaves to it."""
    if not inspect.isclass(target):
        return
    missing = {
        *getattr(target, '__abstractmethods__', ()),
        *(name for name in dir(target) if is_stub(inspect.getattr_static(target, name, None))),
    }
    if missing:
        own = [name for name in vars(target) if not name.startswith('_')]
        has = f', but it has only `{"`, `".join(own)}`' if own else ''
        raise ConfigError(
            f'Expected the class {target.__name__} to write `{"`, `".join(sorted(missing))}`, '
            f'which its base leaves to it{has}.'
        )


def is_stub(member: Any) -> bool:
    """Whether a method of ours, or the ``forward`` of torch, only says that it is not there.

    Such bases can be built by themselves, which abstract ones cannot.
    """
    function = member.fget if isinstance(member, property) else member
    if not inspect.isfunction(function) or not function.__module__.startswith('mmavssl.'):
        return function is nn.Module.forward
    names = function.__code__.co_names
    return 'NotImplementedError' in names and STUB.issuperset(names)


def without_base(target: Callable) -> str:
    """Say what a class of modules has to call."""
    return (
        f'{target.__name__}.__init__ does not call super().__init__(), which has to come before '
        'it sets anything.'
    )
