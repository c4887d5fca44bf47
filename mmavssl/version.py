"""Version of the installed package, which ``setup.py`` takes from the git tag."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = '0+unknown'  # a checkout on PYTHONPATH that is not installed

try:
    __version__ = version('mmavssl')
except PackageNotFoundError:
    __version__ = UNKNOWN
