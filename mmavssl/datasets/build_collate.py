"""Find the function that puts samples together, as MMEngine's data loader does."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mmavssl.registry import FUNCTIONS
from mmavssl.utils.components import component_of

#: MMEngine's own where a data loader names none.
DEFAULT = 'pseudo_collate'


def build_collate(loader: Mapping) -> Callable[[list], Any]:
    """Return what makes a batch of samples.

    Args:
        loader: config of a data loader; its ``collate_fn`` has a ``type``, a name or a function,
            and arguments, or is a function itself.

    Raises:
        ConfigError: there is no function of that name.
    """
    collate = loader.get('collate_fn') or {'type': DEFAULT}
    if not isinstance(collate, Mapping):
        return collate
    arguments = dict(collate)
    return partial(component_of(arguments.pop('type'), FUNCTIONS), **arguments)
