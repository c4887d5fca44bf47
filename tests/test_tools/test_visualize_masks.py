"""The picture of maps and masks, made by the tool on real files."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/asl_mix/avsprites_1shot.py')


@pytest.fixture(scope='module')
def tool():
    path = ROOT / 'tools/analysis/visualize_masks.py'
    spec = importlib.util.spec_from_file_location('visualize_masks', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def options(avsprites_root):
    return [
        '--cfg-options', 'model.mixer.masker.localizer.init_cfg=None',
        f'test_dataloader.dataset.data_root={avsprites_root}',
    ]  # fmt: skip


def test_clips_of_the_test_list(tool, options, tmp_path):
    out = tmp_path / 'new/masks.png'
    assert tool.main([CONFIG, '--num-clips', '2', '--out', str(out), *options]) == 0
    picture = np.asarray(Image.open(out))
    one = tmp_path / 'one.png'
    video = next((Path(options[2].partition('=')[2]) / 'videos/test').glob('*.mp4'))
    assert tool.main([CONFIG, str(video), '--out', str(one), *options]) == 0
    assert picture.shape[0] == 2 * np.asarray(Image.open(one)).shape[0]
    assert picture.std() > 20


def test_sound_that_the_pipeline_does_not_give(tool, options, tmp_path, capsys):
    spectrogram = 'model.mixer.masker.localizer.audio_input=spectrogram'
    assert tool.main([CONFIG, '--out', str(tmp_path / 'x.png'), *options, spectrogram]) == 2
    captured = capsys.readouterr().err
    assert captured.startswith("visualize_masks: The localizer has `audio_input`='spectrogram'")
    assert captured.count('\n') == 1


def test_config_without_masks(tool, tmp_path, capsys):
    config = str(ROOT / 'configs/supervised/avsprites_1shot.py')
    assert tool.main([config, '--out', str(tmp_path / 'x.png')]) == 2
    assert 'there is no mask' in capsys.readouterr().err
