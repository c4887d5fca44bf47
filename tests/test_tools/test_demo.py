"""The mistakes of tools/demo.py, and how it ends; the page itself is in tests/test_apis."""

import runpy
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.small_predictor import CENTER, class_names, small_config, write_checkpoint

ROOT = Path(__file__).parents[2]
#: The tool with a page that opens no port.
PROGRAM = r"""
import os, runpy, sys, time
import mmavssl.apis.demo
import mmavssl.apis.demo.page as page

class Page:
    def launch(self, **settings):
        print('serving', flush=True)
        while True:
            time.sleep(0.05)

    def close(self):
        print('closed', flush=True)

def make_page(service, *args):
    print(os.environ['GRADIO_TEMP_DIR'], service.folder, sep='\n', flush=True)
    return Page()

page.import_gradio = lambda: None
mmavssl.apis.demo.make_page = make_page
runpy.run_path('tools/demo.py', run_name='__main__')
"""


@pytest.fixture(scope='module')
def main():
    return runpy.run_path(str(ROOT / 'tools/demo.py'))['main']


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--port', '99999'], '--port 99999 is not from 0'),
        (['--host', '192.0.2.1'], '--host 192.0.2.1 is no address to listen at'),
        (['--max-megabytes', '-1'], '--max-megabytes -1: expected a positive number'),
        (['--max-seconds', '0'], '--max-seconds 0: expected a positive number'),
        (['--examples', 'none/clips'], '--examples none/clips is no folder'),
    ],
)
def test_mistakes_are_said_before_the_model_is_loaded(main, options, message, capsys):
    assert main(['--weights', 'none.pth', '--port', '0', *options]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f'demo: {message}')


@pytest.fixture(scope='module')
def weights(avsprites_root, tmp_path_factory):
    cfg = small_config(avsprites_root, localizer=CENTER)
    path = tmp_path_factory.mktemp('weights') / 'a.pth'
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.fixture(autouse=True)
def terminal_can_close():
    """Let what a test starts answer SIGHUP, also where `nohup` has started the tests."""
    answer = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, answer)


@contextmanager
def serving(weights, *before):
    """Start the tool; give the process, what it says from now on, and its folder."""
    command = [*before, sys.executable, '-c', PROGRAM, '--weights', str(weights), '--port', '0']
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout)
        *_, gradio, folder = (line.strip() for line in iter(lines.__next__, 'serving\n'))
        assert gradio == folder  # one folder for all files
        yield process, lines, Path(folder)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_when_it_is_told_to_end(weights, tmp_path, monkeypatch, number):
    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path / 'gradio'))
    with serving(weights) as (process, lines, folder):
        assert folder.parent == tmp_path / 'gradio'
        (folder / 'clip.mp4').touch()
        process.send_signal(number)
        assert next(lines) == 'closed\n'
        assert process.wait(timeout=30) == 0
    assert not list((tmp_path / 'gradio').iterdir())


def test_serves_on_without_a_terminal_where_that_is_wanted(weights, tmp_path, monkeypatch):
    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path))
    with serving(weights, 'nohup') as (process, lines, folder):
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        assert folder.is_dir()
        process.send_signal(signal.SIGTERM)
        assert next(lines) == 'closed\n'
    assert not folder.exists()


@pytest.mark.parametrize(
    ('number', 'expected'), [(3, [0, 1, 2]), (20, [0, 2, 5, 7, 10, 12, 15, 17])]
)
def test_examples_are_from_all_over_the_folder(tmp_path, number, expected):
    for clip in range(number):
        (tmp_path / f'{clip:02d}.mp4').touch()
    list_examples = runpy.run_path(str(ROOT / 'tools/demo.py'))['list_examples']
    assert [int(Path(path).stem) for path in list_examples(tmp_path)] == expected
