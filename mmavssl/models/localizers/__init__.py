"""Where in the frames a sound comes from."""

from mmavssl.models.localizers.fnac import FNACLocalizer

__all__ = ['FNACLocalizer']
