"""The config in the work dir is that of the training, and repeats it."""

import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from tests.test_tools.small_data import supervised
from tests.test_tools.toy_plugin_files import TOY_CONFIG


def test_a_test_leaves_the_config_of_the_training(tools, toy):
    """And writes its own beside its log, whatever the visualizer keeps."""
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    copy = Path('run/toy.py').read_text()
    visualizer = ('visualizer.type=Visualizer', 'visualizer.vis_backends=[]')
    for more in ((), visualizer):
        for log in Path('run').glob('*_*/*.log'):  # folders that two runs in a second would share
            shutil.rmtree(log.parent)
        options = ('--cfg-options', 'optim_wrapper.optimizer.lr=7', *more)
        assert tools('test', 'toy.py', 'run/epoch_1.pth', '--work-dir', 'run', *options) == 0
        assert Path('run/toy.py').read_text() == copy
        assert [path.name for path in Path('run').glob('*.py')] == ['toy.py']
        [tested] = Path('run').glob('*_*/vis_data/config.py')
        assert Config.fromfile(tested).optim_wrapper.optimizer.lr == 7
        assert Config.fromfile(tested).load_from == 'run/epoch_1.pth'


def weights_of(path: str) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)['state_dict']


@pytest.mark.parametrize('is_resumed', [False, True])
def test_config_in_the_work_dir_repeats_the_run(tools, toy, is_resumed):
    """Also of a run that was tested since, and of one that has gone on from a checkpoint."""
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'start.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'start.pth'\n")
    two = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', *two) == 0
    if is_resumed:
        Path('run/epoch_2.pth').unlink()
        Path('run/last_checkpoint').write_text(str(Path('run/epoch_1.pth').resolve()))
        assert tools('train', 'fine.py', '--resume', *two, 'log_level=WARNING') == 0
    assert tools('test', 'fine.py', 'run/epoch_2.pth', '--work-dir', 'run') == 0
    copy = Config.fromfile('run/fine.py')
    assert (copy.load_from, copy.get('log_level', 'INFO')) == ('start.pth', 'INFO')
    assert tools('train', 'run/fine.py', '--work-dir', 'again') == 0
    first, second = weights_of('run/epoch_2.pth'), weights_of('again/epoch_2.pth')
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_config_in_the_work_dir_repeats_a_run_on_videos(tools, data):
    assert tools('train', *supervised(data)) == 0
    assert tools('train', 'run/avsprites_1shot.py', '--work-dir', 'again') == 0
    first, second = weights_of('run/epoch_1.pth'), weights_of('again/epoch_1.pth')
    assert all(torch.equal(first[name], second[name]) for name in first)
