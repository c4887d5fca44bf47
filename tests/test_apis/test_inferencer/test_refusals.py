"""What cannot be done is said before the work."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

from mmavssl.apis import AVActionInferencer
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError
from tests.small_predictor import CENTER, class_names, small_config, write_checkpoint


def test_localizer_that_compares_frames_is_refused_before_the_work(
    avsprites_root, videos, tmp_path, monkeypatch
):
    cfg = small_config(avsprites_root, localizer={'type': 'Uniform', 'size': 7})
    path = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    monkeypatch.setattr(inferencer, 'forward', lambda batch: pytest.fail('predicted'))
    for _ in range(2):
        with pytest.raises(ConfigError, match='Uniform gives a frame another map beside other'):
            inferencer(videos[0], localize=True)


def test_what_cannot_be_done_is_said_before_the_work(inferencer, weights, videos, monkeypatch):
    folder = Path(videos[0]).parent
    with pytest.raises(ConfigError, match='is one of the files to predict'):
        inferencer(videos[:1], out_dir=folder)
    with pytest.raises(ConfigError, match=r"no argument 'top_k'. Did you mean 'topk'\? It takes"):
        inferencer(videos[:1], top_k=3)
    monkeypatch.setattr(inferencer, 'forward', lambda batch: pytest.fail('predicted'))
    for wrong, message in (
        ({'batch_size': 0}, '`batch_size` to be at least 1, but got 0'),
        ({'batch_size': None}, '`batch_size` to be an integer, but got None'),
        ({'topk': 0}, '`topk` to be at least 1, but got 0'),
        ({'topk': '3'}, "`topk` to be an integer, but got '3'"),
        ({'pred_out_file': 'x.pkl'}, 'the name of x.pkl does not end with .json'),
        ({'pred_out_file': '/proc/x/x.json'}, '/proc/x: no file can be written there'),
        ({'out_dir': '/proc/x'}, '/proc/x: no file can be written there'),
        ({'data_root': 'data'}, 'Leave it out.'),
    ):
        with pytest.raises(ConfigError) as error:
            inferencer(videos[:1], **wrong)
        assert message in str(error.value)
    for wrong, message in (
        ({'views': 'half'}, "`views` to be one of ('full', 'fast'), but got 'half'"),
        ({'audio': 'skip'}, "`audio` to be one of ('error', 'silence'), but got 'skip'"),
        ({'use': 'both'}, "`use` to be one of ('student', 'teacher'), but got 'both'"),
        ({'device': 'tpu'}, "device 'tpu': there is no such kind of device. Take cpu"),
        ({'model': 'a/b.pth'}, 'a/b.pth is a checkpoint, which has its config. Name it as the '),
        ({'num_workers': -1}, '`num_workers` to be at least 0, but got -1'),
    ):
        with pytest.raises(ConfigError) as error:
            AVActionInferencer(weights=weights, **wrong)
        assert message in str(error.value)


def test_no_weights(inferencer):
    with pytest.raises(ConfigError, match='Name a checkpoint'):
        AVActionInferencer()
    with pytest.raises(ConfigError, match='a model without predicts noise'):
        AVActionInferencer('asl_mix_ucf51_1shot')


def test_checkpoint_without_a_buffer_of_the_network(avsprites_root, weights, tmp_path):
    """It is no parameter, and its initial value would be taken for what was learned."""
    cfg = small_config(avsprites_root, localizer=CENTER)
    init_default_scope('mmavssl')
    model = MODELS.build(cfg.model)
    content = torch.load(weights, weights_only=True)
    model.student.register_buffer('statistics', torch.zeros(1))
    inferencer = AVActionInferencer(weights=weights, device='cpu', use='student')
    with pytest.raises(ConfigError, match=r'has no student\.statistics, without which'):
        inferencer._load_weights_to_model(model, content, cfg)
    inferencer.network = 'teacher'
    inferencer._load_weights_to_model(model, content, cfg)


def test_checkpoint_of_another_model(avsprites_root, weights):
    cfg = small_config(avsprites_root, 'svformer/avsprites_1shot.py')
    cfg.model.student.backbone.depth = 2
    with pytest.raises(ConfigError, match='does not fit the config'):
        AVActionInferencer(cfg, weights, device='cpu')
