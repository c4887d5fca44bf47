"""Which pseudo labels count."""

from mmavssl.models.thresholds.base import BaseThreshold, ThresholdResult
from mmavssl.models.thresholds.fixed import FixedThreshold
from mmavssl.models.thresholds.flex import FlexThreshold
from mmavssl.models.thresholds.free import FreeThreshold
from mmavssl.models.thresholds.pair import ThresholdPair
from mmavssl.models.thresholds.soft import SoftThreshold

__all__ = [
    'BaseThreshold',
    'FixedThreshold',
    'FlexThreshold',
    'FreeThreshold',
    'SoftThreshold',
    'ThresholdPair',
    'ThresholdResult',
]
