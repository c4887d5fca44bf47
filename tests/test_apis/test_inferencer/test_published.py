"""Networks that were published, with their config in the file or without."""

import runpy
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmavssl.apis import AVActionInferencer
from mmavssl.utils.errors import ConfigError
from tests.small_predictor import CENTER, ROOT, class_names, small_config, write_checkpoint
from tests.test_apis.test_inferencer.scores import scores_of


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Return what publishes a network of a checkpoint, and names the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tool sets these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    main = runpy.run_path(str(ROOT / 'tools/publish_model.py'))['main']

    def run(weights, network):
        call = [str(weights), 'a.safetensors', '--config', 'x.py', '--network', network]
        assert main(call) == 0
        return 'a.safetensors'

    return run


def test_published_file_alone(avsprites_root, weights, videos, publish, capsys):
    options = dict(device='cpu', views='fast', show_progress=False)
    for network in ('student', 'teacher'):
        path = publish(weights, network)
        by_checkpoint = AVActionInferencer(weights=weights, use=network, **options)
        capsys.readouterr()
        published = AVActionInferencer(weights=path, **options)
        assert capsys.readouterr().out == ''  # nothing of what only training needs
        assert published.network == network
        assert published.classes == by_checkpoint.classes
        assert published.classes == tuple(class_names(avsprites_root))
        expected, found = (
            scores_of(each(videos[:2], return_datasamples=True))
            for each in (by_checkpoint, published)
        )
        assert found.equal(expected)
    with pytest.raises(ConfigError, match=r'has the teacher alone, so that `use` \(--use\)'):
        AVActionInferencer(weights=path, use='student', **options)


def test_published_of_a_run_that_keeps_its_localizer(avsprites_root, publish):
    localizer = {
        'type': 'FNACLocalizer', 'num_stages': 2, 'base_channels': 4, 'out_dims': 8,
        'pretrained_image': False,
    }  # fmt: skip
    cfg = small_config(avsprites_root, localizer=localizer)
    cfg.model.mixer.masker.save_localizer = True
    path = publish(write_checkpoint(Path('a.pth'), cfg, None), 'teacher')
    assert AVActionInferencer(weights=path, device='cpu').network == 'teacher'


def test_published_file_without_config(avsprites_root, weights, videos, tmp_path):
    """As those of before, which have no class names either."""
    state = torch.load(weights, weights_only=True)['state_dict']
    network = {k.removeprefix('student.'): v for k, v in state.items() if k[:8] == 'student.'}
    path, facts = tmp_path / 'a.safetensors', {'network': 'student', 'epoch': '1'}
    save_file(network, path, metadata=facts)
    with pytest.raises(ConfigError, match=r'has no config in it.* Name the config .*--model'):
        AVActionInferencer(weights=path, device='cpu')
    cfg = small_config(avsprites_root, localizer=CENTER)
    found = AVActionInferencer(cfg, path, device='cpu', views='fast', show_progress=False)
    assert found.classes == tuple(class_names(avsprites_root))
    assert found(videos[0])['predictions'][0]['class'] in found.classes
