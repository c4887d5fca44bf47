"""Arguments that nobody means: one message before the work, which names the thing."""

from pathlib import Path

import pytest

from mmavssl.cli import main
from tests.small_predictor import CENTER, class_names, small_config, write_checkpoint
from tests.test_tools.small_data import SUPERVISED


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):
    """Return what runs a command that fails, and returns the one line that it says."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.delenv('RANK', raising=False)
    monkeypatch.chdir(tmp_path)
    Path('folder').mkdir()
    Path('loop.mp4').symlink_to('loop.mp4')

    def run(*words: str | Path) -> str:
        assert main(list(map(str, words))) == 2
        [line] = capsys.readouterr().err.splitlines()
        return line

    return run


@pytest.fixture(scope='module')
def weights(avsprites_root, tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    cfg = small_config(avsprites_root, localizer=CENTER)
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.mark.parametrize('option', ['--out', '--dump'])
@pytest.mark.parametrize(
    ('path', 'what'),
    [('folder', 'is a folder. Name a file'), ('/proc/x/y.json', 'no file can be written there')],
)
def test_file_of_metrics_is_tried_before_the_test(said, option, path, what):
    """Not after it, which may have taken hours; there is not even a checkpoint here."""
    assert what in said('test', SUPERVISED, 'none.pth', option, path)


def test_folder_is_tried_before_clips_are_drawn(said, avsprites_root):
    root = f'train_dataloader.dataset.data_root={avsprites_root}'
    line = said('browse', SUPERVISED, '--out', '/proc/x', '--cfg-options', root)
    assert line == (
        'browse: /proc/x: no file can be written there (No such file or directory). Name another '
        'folder.'
    )


@pytest.mark.parametrize(
    ('name', 'what'),
    [
        ('', '`inputs` is empty, as by a variable of the shell that is not set.'),
        ('/dev/null', '/dev/null is a pipe or a device. Name a file on a disk.'),
        ('x' * 300, 'cannot be opened: File name too long. Correct the path'),
        ('loop.mp4', "'loop.mp4' cannot be opened: Too many levels of symbolic links."),
    ],
)
def test_what_cannot_be_predicted(said, weights, name, what):
    assert what in said('predict', name, '--weights', weights, '--fast')


def test_config_after_resume_is_told(capsys):
    """Which would be resumed from, and then be missing."""
    with pytest.raises(SystemExit) as ended:
        main(['train', '--resume', 'my_config.py'])
    assert ended.value.code == 2
    assert "--resume: expected auto or a checkpoint, but got 'my_config.py'. Name the config" in (
        capsys.readouterr().err
    )
