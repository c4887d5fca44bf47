"""What data sets and models do together, outside of training and testing."""

from importlib import import_module
from typing import Any

from mmavssl.apis.browse import ClipChoice, browse_clips

#: Imported when it is asked for: it needs all of the package.
LAZY = {'AVActionInferencer': 'mmavssl.apis.inferencer'}

__all__ = ['AVActionInferencer', 'ClipChoice', 'browse_clips']


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(LAZY[name]), name)
