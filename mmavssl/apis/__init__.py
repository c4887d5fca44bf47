"""What data sets and models do together, outside of training and testing."""

from mmavssl.apis.browse import ClipChoice, browse_clips

__all__ = ['ClipChoice', 'browse_clips']
