"""Build a component from its config, with one-line errors that name the nearest valid name."""

import difflib
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mmengine.registry import Registry

from mmavssl.utils.argument_types import check_types, short
from mmavssl.utils.construction import construct
from mmavssl.utils.errors import ConfigError

#: Their ``**kwargs`` are for a call that comes after hours: none of them is of any use.
CLOSED = ('CheckpointHook',)
#: Packages whose annotations mean what they say.
ANNOTATED = ('mmavssl', 'mmengine', 'torch')


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the candidate nearest to ``name``, or an empty string."""
    by_lowercase = {candidate.lower(): candidate for candidate in candidates}
    nearest = difflib.get_close_matches(name.lower(), by_lowercase, n=1, cutoff=0.6)
    return f' Did you mean {by_lowercase[nearest[0]]!r}?' if nearest else ''


def accepted_arguments(target: Callable) -> set[str] | None:
    """Return the keyword names that ``target`` takes, or None where it takes any.

    ``**kwargs`` of a class is followed through its bases, because that is where such keywords go.
    """
    constructors = (
        [base.__dict__['__init__'] for base in target.__mro__ if '__init__' in base.__dict__]
        if inspect.isclass(target)
        else [target]
    )
    names: set[str] = set()
    if constructors == [object.__init__]:
        return names
    for constructor in constructors:
        if constructor is object.__init__:
            break
        parameters = inspect.signature(constructor).parameters.values()
        names |= {
            p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
        }
        owner = constructor.__qualname__.partition('.')[0]
        if owner in CLOSED or not any(p.kind is p.VAR_KEYWORD for p in parameters):
            return names - {'self'}
    return None


def check_arguments(target: Callable, arguments: Iterable[str], where: str = '') -> None:
    """Raise if ``target`` has no parameter of one of the given names.

    Args:
        target: class or function that the arguments are meant for.
        arguments: keyword names.
        where: path of the key in the config, for the message.

    Raises:
        ConfigError: names the key, the component and the nearest valid name.
    """
    accepted = accepted_arguments(target)
    if accepted is None:
        return
    for name in arguments:
        if name not in accepted:
            prefix = f'{where}.{name}: ' if where else ''
            takes = f'It takes: {", ".join(sorted(accepted))}.' if accepted else 'It takes none.'
            raise ConfigError(
                f'{prefix}{target.__name__} has no argument {name!r}.'
                f'{did_you_mean(name, accepted)} {takes}'
            )


def check_values(target: Callable, arguments: Mapping[str, Any], where: str = '') -> None:
    """Raise if a value is not of the type that ``target`` is annotated with.

    Those of other packages than ours and those below may be annotated as anybody likes.

    Args:
        target: class or function.
        arguments: its keyword arguments.
        where: path of the component in the config, for the message.

    Raises:
        ConfigError: names the key and says what was expected.
    """
    if getattr(target, '__module__', '').partition('.')[0] in ANNOTATED:
        check_types(target, arguments, where)


def check_complete(target: Callable, arguments: Iterable[str]) -> None:
    """Raise a `ConfigError` if an argument without a default is missing."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    missing = [
        p.name
        for p in inspect.signature(target).parameters.values()
        if p.kind in kinds and p.default is p.empty and p.name not in arguments
    ]
    if missing:
        raise ConfigError(f'{target.__name__} needs `{"`, `".join(missing)}`.')


def build_component(cfg: Any, registry: Registry, default_args: dict | None = None) -> Any:
    """Build ``cfg`` from ``registry``: the ``build_func`` of every registry of this package.

    Args:
        cfg: dict with a ``type``, or an already built component, which is passed through.
        registry: where ``type`` is looked up.
        default_args: arguments used where ``cfg`` has none.

    Raises:
        ConfigError: unknown type, type of another registry, misspelt argument, or a value that the
            component refuses.
    """
    if callable(cfg) and not inspect.isclass(cfg):
        return cfg
    if not isinstance(cfg, dict) or 'type' not in cfg:
        raise ConfigError(
            f"Expected {a(registry.name)} config with a 'type', but got {short(cfg)}. "
            f'Available: {", ".join(_known_types(registry))}.'
        )
    args = {**(default_args or {}), **cfg}
    kind = args.pop('type')
    args.pop('_scope_', None)
    target = component_of(kind, registry)
    check_arguments(target, args)
    check_values(target, args)
    check_complete(target, args)
    return construct(target, args)


def component_of(kind: Any, registry: Registry, plugins: Iterable[str] = ()) -> Callable:
    """Return the class or function that a ``type`` means, a name or itself.

    Args:
        kind: the ``type``.
        registry: where a name is looked up.
        plugins: names of imported modules that may have forgotten to register it.

    Raises:
        ConfigError: it is neither, or there is none of that name.
    """
    if isinstance(kind, str):
        return find_component(kind, registry, plugins)
    if not callable(kind):
        raise ConfigError(
            f'Expected `type` to be the name of {a(registry.name)}, but got {short(kind)}.'
        )
    return kind


def find_component(kind: str, registry: Registry, plugins: Iterable[str] = ()) -> Callable:
    """Return the class or function registered as ``kind``, or raise a helpful `ConfigError`.

    Arguments are those of `component_of`.
    """
    target = look_up(kind, registry)
    if target is None and '.' in kind:
        from mmavssl.registry import MODELS  # a sibling library registers all networks there

        target = look_up(kind, MODELS)
    if callable(target):
        return target
    has_it = next((m for m in plugins if hasattr(sys.modules.get(m), kind)), None)
    home = _home_of(kind, registry)
    if has_it and not home:
        raise ConfigError(
            f'{kind!r} is not {a(registry.name)}: {has_it} has it, but does not register it. '
            f'Write @{variable_of(registry)}.register_module() in the line above.'
        )
    known = _known_types(registry)
    inherited = list(registry.parent.module_dict) if registry.parent else []
    hint = (
        f' It is {a(home.name)} and belongs where {a(home.name)} is expected.'
        if home
        else did_you_mean(kind, [*known, *inherited])
    )
    raise ConfigError(
        f'{kind!r} is not {a(registry.name)}.{hint} Available {registry.name} types: '
        f'{", ".join(known or inherited)}. A plugin is made known by `custom_imports`.'
    )


def a(noun: str) -> str:
    """Return ``noun`` with its indefinite article.

    >>> a('optimizer')
    'an optimizer'
    """
    return f'{"an" if noun[0] in "aeiou" else "a"} {noun}'


def look_up(kind: str, registry: Registry) -> Any:
    """Return what is registered, or None: MMEngine imports what has dots, and may fail."""
    try:
        return registry.get(kind)
    except (ImportError, RuntimeError, TypeError, ValueError, AttributeError):
        return None


def variable_of(registry: Registry) -> str:
    """Return the name by which plugins import one of our registries."""
    from mmavssl import registry as reg

    return next((name for name, value in vars(reg).items() if value is registry), 'REGISTRY')


def _home_of(kind: str, registry: Registry) -> Registry | None:
    """Return the other one of our registries that has ``kind``, if any."""
    from mmavssl import registry as reg

    others = [other for other in reg.COMPONENT_REGISTRIES if other is not registry]
    return next((other for other in others if kind in _known_types(other)), None)


def _known_types(registry: Registry) -> list[str]:
    registry.import_from_location()
    return sorted(registry.module_dict)
