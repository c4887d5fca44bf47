import pytest

from mmavssl.apis import AVActionInferencer
from tests.small_predictor import CENTER, class_names, small_config, test_videos, write_checkpoint


@pytest.fixture(scope='session')
def weights(avsprites_root, tmp_path_factory):
    """A checkpoint of ASL-Mix, whose localizer has no weights to load."""
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    cfg = small_config(avsprites_root, localizer=CENTER)
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.fixture(scope='session')
def inferencer(weights):
    return AVActionInferencer(weights=weights, device='cpu', views='fast', show_progress=False)


@pytest.fixture(scope='session')
def videos(avsprites_root):
    return test_videos(avsprites_root)


@pytest.fixture
def said(monkeypatch):
    """What is logged."""
    lines = []
    for module in ('inferencer', 'inference_pipeline', 'prediction_drawer'):
        name = f'mmavssl.apis.{module}.print_log'
        monkeypatch.setattr(name, lambda text, **_: lines.append(text))
    return lines
