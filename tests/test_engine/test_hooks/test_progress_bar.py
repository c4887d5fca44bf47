"""Bars of training and validation, and that they change nothing else."""

import re
from contextlib import nullcontext, redirect_stderr, redirect_stdout

import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import ProgressBarHook
from mmavssl.engine.hooks.progress_bar import shown_progress
from mmavssl.engine.loops.resumable_train_loop import LeaveValidation
from mmavssl.utils import bottom_line, progress
from tests.terminal import Terminal, screen

LINE = re.compile(r'\d\d/\d\d \d\d:\d\d:\d\d - mmengine - INFO - \S')


@pytest.fixture(autouse=True)
def _every_step_is_drawn(monkeypatch):
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('NO_COLOR', '1')
    monkeypatch.delenv('MMAVSSL_TERMINAL', raising=False)
    monkeypatch.setattr(progress, 'INTERVAL', 0)


class Fail(Hook):
    """Raise within an iteration of training, or of a validation."""

    def __init__(self, error, mode='train'):
        self.error, self.mode = error, mode

    def _after_iter(self, runner, batch_idx, *args, mode='train', **kwargs):
        if mode == self.mode and batch_idx == 2:
            raise self.error


def train(build_runner, watched=True, hooks=(), **kwargs):
    """Train in a terminal, and return the Runner and what the terminal got."""
    stderr = Terminal()
    with redirect_stdout(stderr) if watched else nullcontext():
        hooks = [dict(type='PlainCheckpointHook'), *hooks]
        runner = build_runner(hooks, **kwargs)  # whose log goes to the stdout of now
        with redirect_stderr(stderr) if watched else nullcontext(), shown_progress(runner):
            runner.train()
    return runner, stderr.getvalue()


def looks(text):
    """Return the looks of the bars, one after the other: title, done, total."""
    found = re.findall(r'\r\x1b\[2K(\w+) \S* *(\d+)/(\d+)', text)
    shown = [(title, int(done), int(total)) for title, done, total in found]
    return [look for look, before in zip(shown, [None, *shown], strict=False) if look != before]


def test_training_and_validation(build_runner):
    """There are five iterations an epoch, and five batches of validation."""
    _, text = train(build_runner, epochs=2, val=True)
    validation = [('Validating', done, 5) for done in range(6)]
    assert looks(text) == [
        *(('Training', done, 10) for done in range(6)), *validation, ('Training', 5, 10),
        *(('Training', done, 10) for done in range(6, 11)), *validation, ('Training', 10, 10),
    ]  # fmt: skip


def test_log_is_whole_and_above(build_runner):
    _, text = train(build_runner, epochs=2, val=True)
    *lines, last = screen(text)
    logged = [line for line in lines if 'Epoch(' in line]
    assert len(logged) == 2 * 2 + 2 * 2 + 2  # every second iteration, and the metrics
    assert all(LINE.match(line) for line in logged)
    assert not any(title in line for line in lines for title in ('Training', 'Validating'))
    assert last == ''


def test_nothing_else_changes(build_runner, tmp_path):
    watched, text = train(build_runner, name='a', epochs=2, val=True)
    alone, nothing = train(build_runner, False, name='b', epochs=2, val=True)
    assert 'Training' in text
    assert nothing == ''
    assert not any(isinstance(hook, ProgressBarHook) for hook in alone.hooks)
    one, two = (torch.load(tmp_path / f'{n}/epoch_2.pth', weights_only=False) for n in 'ab')
    for key, value in one['state_dict'].items():
        assert value.equal(two['state_dict'][key]), key
    assert 'ProgressBar' not in str(one['meta'])
    assert watched.model.draws == alone.model.draws
    for file in tmp_path.rglob('*.py'):  # the dumped configs
        assert 'ProgressBar' not in file.read_text()


def test_run_that_goes_on_begins_where_it_was(build_runner, tmp_path):
    train(build_runner, name='run', epochs=1)
    path = str(tmp_path / 'run/epoch_1.pth')
    _, text = train(build_runner, name='run', epochs=2, resume=True, load_from=path)
    assert looks(text) == [('Training', done, 10) for done in range(5, 11)]


@pytest.mark.parametrize('mode', ['train', 'val'])
@pytest.mark.parametrize('error', [ValueError('broken'), KeyboardInterrupt()])
def test_terminal_is_as_it_was_after_an_error(build_runner, error, mode):
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        runner = build_runner([Fail(error, mode)], val=True)
        with pytest.raises(type(error)), shown_progress(runner):
            runner.train()
        assert 'write' not in vars(terminal)
        assert bottom_line._shown == []
        print('after')
    assert screen(terminal.getvalue())[-2:] == ['after', '']
    assert looks(terminal.getvalue())[-1] == ('Training', 2 if mode == 'train' else 5, 5)


def test_validation_that_is_broken_off(build_runner):
    leave = Fail(LeaveValidation(), 'val')

    class Leave(Hook):
        def leave_validation(self, runner):
            runner.train_loop.preempt()

    _, text = train(
        build_runner, hooks=[leave, Leave()], epochs=2, val=True, loop='ResumableTrainLoop'
    )
    assert ('Validating', 2, 5) in looks(text)
    assert screen(text)[-1] == ''
    assert bottom_line._shown == []


def test_only_the_first_process_shows_something(build_runner, monkeypatch):
    monkeypatch.setattr('mmavssl.engine.hooks.progress_bar.is_main_process', lambda: False)
    _, text = train(build_runner)
    assert 'Training' not in text


def test_hook_of_a_config_is_the_one(build_runner):
    runner, text = train(build_runner, hooks=[dict(type='ProgressBarHook')])
    assert sum(isinstance(hook, ProgressBarHook) for hook in runner.hooks) == 1
    assert looks(text) == [('Training', done, 5) for done in range(6)]
