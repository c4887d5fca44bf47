"""Which pseudo labels count."""

from mmavssl.models.thresholds.base import BaseThreshold, ThresholdResult
from mmavssl.models.thresholds.fixed import FixedThreshold
from mmavssl.models.thresholds.flex import FlexThreshold

__all__ = ['BaseThreshold', 'FixedThreshold', 'FlexThreshold', 'ThresholdResult']
