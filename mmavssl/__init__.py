"""mmavssl: semi-supervised audio-visual action recognition in MMEngine style."""

from mmavssl.version import __version__

__all__ = ['__version__']
