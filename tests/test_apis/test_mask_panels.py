from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch

from mmavssl.apis.localizer_weights import saved_localizer
from mmavssl.apis.mask_clips import load_test_clips, load_videos
from mmavssl.apis.mask_panels import MaskPanels, mask_panels
from mmavssl.apis.report.run_files import RunFiles
from mmavssl.registry import LOCALIZERS, MODELS
from mmavssl.utils.checkpoints import read_checkpoint
from mmavssl.utils.errors import ConfigError
from mmavssl.visualization.mask_figure import draw_mask_figure
from tests.small_predictor import small_config, test_videos, write_checkpoint

make_report = import_module('mmavssl.apis.report.make_report')  # the function hides it
TINY = dict(
    type='FNACLocalizer', num_stages=2, base_channels=4, out_dims=8, pretrained_image=False
)


@pytest.fixture
def cfg(avsprites_root):
    """Return a config whose localizer has no weights but those of checkpoints."""
    cfg = small_config(avsprites_root, localizer=TINY)
    cfg.model.mixer.masker.save_localizer = True
    return cfg


@pytest.fixture
def checkpoint(cfg, tmp_path):
    torch.manual_seed(3)
    return write_checkpoint(tmp_path / 'run.pth', cfg, None)


@pytest.fixture
def clips(cfg, avsprites_root):
    return load_videos(cfg, test_videos(avsprites_root)[:2])


def map_of(cfg, localizer, clip):
    """Return the map (T, h, w) of a clip on the tokens, by a localizer alone."""
    preprocessor = MODELS.build(cfg.model.data_preprocessor)
    video = preprocessor.unnormalize(preprocessor.normalize(clip['inputs']['video']))
    with torch.no_grad():
        maps = localizer.eval()(video.transpose(1, 2), clip['inputs']['audio'])[0]
    grid = [side // 8 for side in video.shape[-2:]]
    maps = torch.nn.functional.interpolate(maps[:, None], grid, mode='bilinear')[:, 0]
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return ((maps - low) / (high - low)).numpy()


def test_maps_are_those_of_the_localizer_that_was_saved(cfg, checkpoint, clips):
    content = read_checkpoint(str(checkpoint))
    prefix = 'mixer.masker.localizer.'
    weights = {k[len(prefix) :]: v for k, v in content['state_dict'].items() if prefix in k}
    localizer = LOCALIZERS.build(TINY)
    before = map_of(cfg, localizer, clips[0])
    localizer.load_state_dict(weights)
    panels = MaskPanels(cfg, saved_localizer(content))(clips, [1, 0], seed=0)
    for panel, clip in zip(panels, clips, strict=True):
        np.testing.assert_allclose(panel.heatmap, map_of(cfg, localizer, clip), atol=1e-5)
    assert np.abs(panels[0].heatmap - before).max() > 0.1


def test_saved_weights_come_before_those_of_a_file(cfg, checkpoint, clips):
    saved = saved_localizer(read_checkpoint(str(checkpoint)))
    [expected] = mask_panels(cfg, clips, [1], 0, saved)
    cfg.model.mixer.masker.localizer.init_cfg = dict(type='Pretrained', checkpoint='gone.pth')
    [panel] = mask_panels(cfg, clips, [1], 0, saved)
    np.testing.assert_array_equal(panel.heatmap, expected.heatmap)
    np.testing.assert_array_equal(panel.masks['guided mask'], expected.masks['guided mask'])


@pytest.mark.parametrize('left', [{}, None])
def test_default_preprocessor(cfg, checkpoint, clips, left):
    saved = saved_localizer(read_checkpoint(str(checkpoint)))
    [expected] = mask_panels(cfg, clips, [1], 0, saved)
    if left is None:
        del cfg.model.data_preprocessor
    else:
        del cfg.model.data_preprocessor.type
    [panel] = mask_panels(cfg, clips, [1], 0, saved)
    np.testing.assert_array_equal(panel.heatmap, expected.heatmap)
    np.testing.assert_array_equal(panel.mixed, expected.mixed)


@pytest.mark.parametrize('saved', [None, {}])
def test_no_weights_at_all(cfg, saved):
    with pytest.raises(ConfigError, match='has no `init_cfg`, and no checkpoint of a run brings'):
        MaskPanels(cfg, saved)


def test_weights_of_another_localizer(cfg):
    with pytest.raises(ConfigError, match='localizer does not fit the config: unexpected: x; mis'):
        MaskPanels(cfg, {'x': torch.zeros(1)})


def test_report_of_a_run_that_saved_its_localizer(cfg, checkpoint, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(make_report, 'draw_mask_figure', lambda panels: draw(drawn, panels))
    run = RunFiles(tmp_path, tmp_path / 'x.py', tmp_path / 'x.json', checkpoint)
    assert 'localization maps' in make_report.mask_parts(cfg, run)[1]
    localizer = LOCALIZERS.build(TINY)
    localizer.load_state_dict(saved_localizer(read_checkpoint(str(checkpoint))))
    for panel, clip in zip(drawn, load_test_clips(cfg, len(drawn)), strict=True):
        np.testing.assert_allclose(panel.heatmap, map_of(cfg, localizer, clip), atol=1e-5)
    with pytest.raises(ConfigError, match='No map can be drawn'):
        make_report.mask_parts(cfg, replace(run, checkpoint=None))


def draw(drawn, panels):
    drawn += panels
    return draw_mask_figure(panels)
