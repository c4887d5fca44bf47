"""Networks and algorithms; importing this fills the registries."""

from mmavssl.models import (
    algorithms,
    backbones,
    data_preprocessors,
    fusions,
    heads,
    localizers,
    losses,
    maskers,
    mixers,
    recognizers,
    thresholds,
)

__all__ = [
    'algorithms',
    'backbones',
    'data_preprocessors',
    'fusions',
    'heads',
    'localizers',
    'losses',
    'maskers',
    'mixers',
    'recognizers',
    'thresholds',
]
