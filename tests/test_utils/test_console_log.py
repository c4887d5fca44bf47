import logging
import sys
from io import StringIO
from pathlib import Path

import pytest
from mmengine.fileio import FileClient
from mmengine.logging import MMLogger

from mmavssl.utils.console_log import log_traceback, shorten_console

LONG = [
    f'\n{"-" * 60}\nSystem environment:\n    sys.platform: linux',
    "Config:\nmodel = dict(type='A')",
    'Hooks will be executed in the following order:\nbefore_run:',
]


@pytest.fixture
def logger(tmp_path) -> MMLogger:
    """The log of a run, which is the current one."""
    logger = MMLogger.get_instance('run', log_file=str(tmp_path / 'run.log'))
    logger.handlers[0].setStream(StringIO())
    return logger


def written(logger: MMLogger) -> str:
    return Path(logger.log_file).read_text()


def shown(logger: MMLogger) -> list[str]:
    """Return the messages that the console has."""
    lines = logger.handlers[0].stream.getvalue().splitlines()
    return [line.rpartition(' - ')[2] for line in lines]


def test_long_messages_are_in_the_file_alone(logger):
    shorten_console(logger)
    for message in [*LONG, 'Config of the localizer: none', 'epoch 1']:
        logger.info(message)
    assert all(message in written(logger) for message in LONG)
    assert shown(logger) == ['Config of the localizer: none', 'epoch 1']


def test_interfaces_that_mmengine_calls_itself(logger, tmp_path):
    shorten_console(logger)
    FileClient.infer_client(None, str(tmp_path))
    logger.warning('loss is not finite')
    assert 'deprecated' not in written(logger)
    assert shown(logger) == ['loss is not finite']


def test_shortened_twice(logger):
    shorten_console(logger)
    filters = [len(logger.filters), *(len(handler.filters) for handler in logger.handlers)]
    shorten_console(logger)
    assert filters == [len(logger.filters), *(len(h.filters) for h in logger.handlers)]


def caught(text: str) -> ValueError:
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def test_traceback_is_in_the_file_alone(logger, capsys):
    assert log_traceback(caught('50 % {of} a map')) == logger.log_file
    assert 'ValueError: 50 % {of} a map' in written(logger)
    assert f'{Path(__file__).name}", line' in written(logger)
    assert shown(logger) == []
    assert capsys.readouterr().err == ''


def test_names_that_are_no_utf_8(logger):
    try:
        raise ValueError('caf\udce9.mp4 is no video')
    except ValueError as error:
        file = log_traceback(error)
    assert 'caf\\udce9.mp4 is no video' in Path(file).read_text()


def test_log_that_cannot_be_written(logger, capsys):
    """Where the disk is full, the message about it stays the only one."""
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            handler.baseFilename = '/proc/x/run.log'
    assert log_traceback(caught('x')) is None
    assert capsys.readouterr().err == ''


def test_without_a_run(monkeypatch):
    assert log_traceback(caught('x')) is None
    assert not MMLogger._instance_dict
    monkeypatch.delitem(sys.modules, 'mmengine.logging')
    assert log_traceback(caught('x')) is None
