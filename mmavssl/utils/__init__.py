"""Small helpers that every layer may use."""

from mmavssl.utils.errors import ConfigError, DataError

__all__ = ['ConfigError', 'DataError']
