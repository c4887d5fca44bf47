"""Check components of a config, and those within them, before anything is built."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.registry import Registry

from mmavssl import registry as reg
from mmavssl.utils.argument_types import PLAIN, short
from mmavssl.utils.components import a, check_arguments, check_values, component_of
from mmavssl.utils.config_slots import NESTED_SLOTS, Slot
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.foreign_rules import check_foreign

OWN_SCOPES = ('mmavssl', 'mmengine')
# Packages whose components build their nested components through registries, as the keys say.
KNOWN_PACKAGES = ('mmavssl', 'mmengine', 'mmcv')


class ComponentCheck:
    """Walk through nested components.

    Components of other packages may use any key for anything, so that what is inside them is only
    checked where a registry knows it.

    Args:
        default_scope: of the config; types without a prefix are looked up there as well.
        plugins: names of the modules that the config has imported.
    """

    def __init__(self, default_scope: str | None = None, plugins: Sequence[str] = ()) -> None:
        self.plugins = plugins
        self.scope = None if default_scope in OWN_SCOPES else default_scope

    def visit(self, value: Any, slot: Slot | None, path: str, strict: bool) -> None:
        """Check what stands at ``path``.

        Args:
            value: a component, a list of them, or anything else, which is skipped.
            slot: what belongs there, None where that is not known.
            path: of the value in the config, for messages.
            strict: whether a component must be there; otherwise an unknown type may be anything.

        Raises:
            ConfigError: unknown or missing type, or an argument that the component does not take.
        """
        if isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                self.visit(item, slot, f'{path}[{index}]', strict)
        elif isinstance(value, Mapping) and value.get('_scope_', 'mmavssl') in OWN_SCOPES:
            target = self._check_component(value, slot, path, strict)
            known = getattr(target, '__module__', '').partition('.')[0] in KNOWN_PACKAGES
            for key, child in value.items():
                self.visit(child, _child_slot(slot, key), f'{path}.{key}', strict=known)

    def find(self, kind: Any, registry: Registry, path: str) -> Callable:
        """Return the class or function of that name.

        Raises:
            ConfigError: there is none.
        """
        if self.scope and isinstance(kind, str) and '.' not in kind:
            target = registry.get(f'{self.scope}.{kind}')
            if callable(target):
                return target
        try:
            return component_of(kind, registry, self.plugins)
        except ConfigError as error:
            raise ConfigError(f'{path}: {error}') from None

    def _check_component(
        self, cfg: Mapping, slot: Slot | None, path: str, strict: bool
    ) -> Callable | None:
        kind = cfg.get('type', slot.default if slot else None)
        if slot is None or (kind is None and not strict):
            return None
        if strict and 'type' in cfg and not (isinstance(kind, str) or callable(kind)):
            raise ConfigError(
                f'{path}.type: expected the name of {a(slot.registry.name)}, but got '
                f'{short(kind)}.'
            )
        if kind is None:
            raise ConfigError(
                f"{path}: expected {a(slot.registry.name)} with a 'type', but got "
                f'{short_of(cfg)}. Set `type`, or check the spelling of the key.'
            )
        if not strict and not self._exists(kind, slot.registry):
            return None
        target = self.find(kind, slot.registry, path) if isinstance(kind, str) else kind
        if strict:
            ignored = {'type', '_scope_', *slot.extra}
            arguments = {key: value for key, value in cfg.items() if key not in ignored}
            _check_names(target, arguments, path)
            is_ours = getattr(target, '__module__', '').startswith('mmavssl')
            if not is_ours:
                _check_nested(arguments, path)
            typed = {k: v for k, v in arguments.items() if is_ours or k not in NESTED_SLOTS}
            check_values(target, typed, path)
            check_foreign(target, arguments, path)
        return target

    def _exists(self, kind: Any, registry: Registry) -> bool:
        return not isinstance(kind, str) or callable(registry.get(kind))


def _check_names(target: Callable, arguments: Mapping, path: str) -> None:
    """Check which arguments there are; a stranger among them is often one of the base config."""
    try:
        check_arguments(target, arguments, path)
    except ConfigError as error:
        if 'Did you mean' in str(error):
            raise
        raise ConfigError(
            f'{error} Where the key comes from `_base_`, `_delete_=True` beside `type` drops it.'
        ) from None


def _child_slot(parent: Slot | None, key: str) -> Slot | None:
    """Transforms take other transforms under any name (`MultiView`); elsewhere the key decides."""
    if parent is not None and parent.registry is reg.TRANSFORMS:
        return Slot(reg.TRANSFORMS)
    return NESTED_SLOTS.get(key)


def _check_nested(arguments: Mapping, path: str) -> None:
    for key, value in arguments.items():
        if key in NESTED_SLOTS and isinstance(value, PLAIN):
            items = value if isinstance(value, list | tuple) else [value]
            for item in items:
                require_component(item, f'{path}.{key}')


def require_component(value: Any, path: str) -> None:
    """Raise unless it is a dict, something built, or nothing."""
    if value is not None and isinstance(value, PLAIN) and not isinstance(value, Mapping):
        raise ConfigError(f'{path}: expected a dict with a `type`, but got {short(value)}.')


def short_of(cfg: Mapping) -> str:
    """Return how a message calls a dict without a ``type``."""
    return f'a dict with the keys {sorted(cfg)}' if cfg else 'an empty dict'
