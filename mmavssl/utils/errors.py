"""Exceptions whose message alone tells the user what to do."""

from mmavssl.utils.commands import as_typed


class ClearError(Exception):
    """Base of these: tools in the message are called as this user can call them."""

    def __str__(self) -> str:
        return as_typed(BaseException.__str__(self))  # that of a KeyError adds quotes


class ConfigError(ClearError, ValueError):
    """A config names something that does not exist or does not fit.

    Tools print its message as one line and exit with status 2.
    """


class DataError(ClearError, RuntimeError):
    """A file or list of the data set cannot be used; the message names it."""


class CheckpointError(ClearError, RuntimeError):
    """A checkpoint cannot be written, or none can be read; the message says what is left."""


class NumericalError(ClearError, RuntimeError):
    """Training does not give finite numbers any more; the message says since when and where."""


#: Errors that say all by themselves.
CLEAR = (ConfigError, DataError, CheckpointError, NumericalError)
