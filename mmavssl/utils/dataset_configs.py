"""Find the data sets that a config describes."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmavssl import registry as reg
from mmavssl.utils.components import look_up
from mmavssl.utils.config_slots import NESTED_SLOTS

DATASET_KEYS = frozenset(
    key for key, slot in NESTED_SLOTS.items() if slot.registry is reg.DATASETS
)


def dataset_configs(cfg: Any, path: str) -> Iterator[tuple[str, Mapping]]:
    """Yield the config of each data set in a data loader's, with its place, wrappers first.

    Args:
        cfg: config of a data loader, or of a data set that holds others; anything else has none.
        path: of it in the whole config.
    """
    if not isinstance(cfg, Mapping):
        return
    for key in cfg:
        if key in DATASET_KEYS:
            for place, child in _listed(cfg[key], f'{path}.{key}'):
                yield place, child
                yield from dataset_configs(child, place)


def _listed(value: Any, path: str) -> Iterator[tuple[str, Mapping]]:
    if isinstance(value, Mapping):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _listed(item, f'{path}[{index}]')


def dataset_class(cfg: Mapping) -> Any:
    """Return the class that a data set's config names, None where there is none of that name."""
    kind = cfg.get('type')
    return look_up(kind, reg.DATASETS) if isinstance(kind, str) else kind
