"""What is seen of a run: bars of a terminal, and pictures."""

from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mmavssl.utils.config_check import check_config
from tests.terminal import Terminal, screen
from tests.test_tools.toy_plugin_files import TOY_CONFIG


@pytest.mark.parametrize('installed', [True, False])
def test_visualize(train, toy, monkeypatch, installed):
    """The flag keeps what the config says; TensorBoard is left out where it is not installed."""
    tensorboard = object() if installed else None
    monkeypatch.setattr('importlib.util.find_spec', lambda name: tensorboard)
    args = ['toy.py', '--visualize', '--cfg-options', 'default_hooks.visualization.interval=7']
    cfg = train.train_config(train.parse_args(args))
    check_config(cfg)  # what training does next
    assert cfg.default_hooks.visualization == dict(type='SSLVisualizationHook', interval=7)
    assert cfg.visualizer.type == 'ASLVisualizer'
    backends = [backend['type'] for backend in cfg.visualizer.vis_backends]
    assert backends == ['LocalVisBackend'] + ['TensorboardVisBackend'] * installed


def test_bars_in_a_terminal(tools, toy, monkeypatch):
    """Below whole lines of the log, which MMEngine writes to the stdout of when it began."""
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    Path('logged.py').write_text(
        f"{TOY_CONFIG}default_hooks.update(logger=dict(type='LoggerHook', interval=1))\n"
    )
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        assert tools('train', 'logged.py', '--work-dir', 'run') == 0
    lines = screen(terminal.getvalue())
    epochs = [line for line in lines if 'Epoch(train)' in line]
    assert len(epochs) == 4
    assert all(line[0].isdigit() and 'loss: ' in line for line in epochs)
    assert not any('Training' in line for line in lines)
    assert '4/4' in terminal.getvalue()
    assert 'ProgressBar' not in Path('run/logged.py').read_text()

    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        assert tools('test', 'logged.py', 'run/epoch_1.pth') == 0
    assert 'Testing' in terminal.getvalue()
    assert screen(terminal.getvalue())[-2].startswith('mean: ')


def test_no_bar_in_a_pipe(tools, toy):
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    said = tools.capsys.readouterr()
    assert said.err == ''
    assert '\x1b[2K' not in said.out


def test_visualize_keeps_what_there_is(train, toy):
    board = "dict(type='TensorboardVisBackend', save_dir='board')"
    Path('own.py').write_text(
        f"{TOY_CONFIG}visualizer = dict(type='Own', vis_backends=[{board}], size=3)\n"
    )
    cfg = train.train_config(train.parse_args(['own.py', '--visualize']))
    assert cfg.visualizer == dict(
        type='Own', size=3, vis_backends=[dict(type='TensorboardVisBackend', save_dir='board')]
    )
