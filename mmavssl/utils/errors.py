"""Exceptions whose message alone tells the user what to do."""


class ConfigError(ValueError):
    """A config names something that does not exist or does not fit.

    Tools print its message as one line and exit with status 2.
    """


class DataError(RuntimeError):
    """A file or list of the data set cannot be used; the message names it."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written, or none can be read; the message says what is left."""


class NumericalError(RuntimeError):
    """Training does not give finite numbers any more; the message says since when and where."""


#: Errors that say all by themselves.
CLEAR = (ConfigError, DataError, CheckpointError, NumericalError)
