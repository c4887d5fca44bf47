"""What of MMEngine's log is shown, and what is in the file of the log alone."""

import logging
import sys
from functools import partial
from pathlib import Path
from traceback import walk_tb

from mmavssl.utils.guarded_output import print_no_more

#: How warnings begin about interfaces that MMEngine itself calls.
OF_NO_USE = ('"FileClient" will be deprecated', '"HardDiskBackend" is the alias')
#: How messages begin that fill hundreds of lines before the first iteration.
LONG = ('System environment:', 'Config:', 'Hooks will be executed')


def shorten_console(logger: logging.Logger) -> None:
    """Keep long messages in the file of a log, and leave out what no user can do anything about.

    A run goes on where the reader of its console goes, as of `| head` or a `| tee` that ends: its
    log is in a file.

    Args:
        logger: with its handlers; nothing changes where it was shortened before.
    """
    logger.addFilter(is_of_use)
    for handler in logger.handlers:
        if not isinstance(handler, logging.FileHandler):
            handler.addFilter(is_short)
            handler.handleError = partial(_leave_console, handler)


def is_of_use(record: logging.LogRecord) -> bool:
    """Whether a message can mean something to a user."""
    return not record.getMessage().startswith(OF_NO_USE)


def is_short(record: logging.LogRecord) -> bool:
    """Whether a message is none of `LONG`."""
    return not record.getMessage().lstrip('-\n').startswith(LONG)


def log_traceback(error: Exception) -> str | None:
    """Write a traceback into the file of the run's log; the console has a message alone.

    Returns:
        The file; None where there is no run, or no room for more.
    """
    mmengine = sys.modules.get('mmengine.logging')
    if mmengine is None or not mmengine.MMLogger._instance_dict:  # asking for one would make it
        return None
    logger = mmengine.MMLogger.get_current_instance()
    files = [handler for handler in logger.handlers if isinstance(handler, logging.FileHandler)]
    if not files:
        return None
    frame, line = list(walk_tb(error.__traceback__))[-1]
    record = logger.makeRecord(
        logger.name, logging.ERROR, frame.f_code.co_filename, line, str(error), (),
        (type(error), error, error.__traceback__), frame.f_code.co_name,
    )  # fmt: skip
    file = files[0].baseFilename
    try:
        # A handler would show on stderr why it cannot; names of files may be no UTF-8.
        with Path(file).open('a', encoding='utf-8', errors='backslashreplace') as log:
            log.write(f'{files[0].format(record)}\n')
    except OSError:
        return None
    return file


def _leave_console(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Answer an error of a handler, in place of a traceback for each message."""
    if isinstance(sys.exc_info()[1], BrokenPipeError):
        print_no_more()
    else:
        type(handler).handleError(handler, record)
