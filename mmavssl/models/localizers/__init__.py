"""Where in the frames a sound comes from."""

from mmavssl.models.localizers.center_prior import CenterPrior
from mmavssl.models.localizers.cosine import CosineLocalizer
from mmavssl.models.localizers.ezvsl import EZVSLLocalizer
from mmavssl.models.localizers.fnac import FNACLocalizer
from mmavssl.models.localizers.object_guided import ObjectGuided
from mmavssl.models.localizers.oracle import Oracle
from mmavssl.models.localizers.precomputed import PrecomputedMap
from mmavssl.models.localizers.uniform import Uniform

__all__ = [
    'CenterPrior',
    'CosineLocalizer',
    'EZVSLLocalizer',
    'FNACLocalizer',
    'ObjectGuided',
    'Oracle',
    'PrecomputedMap',
    'Uniform',
]
