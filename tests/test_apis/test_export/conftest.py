import pytest
import torch

from tests.test_apis.test_export.toys import Pixels, build, make_config

# All attention types and all ways of fusion; joint attention gets clips of another size than it is
# built for.
NETWORKS = [
    ('divided', 'concat'),
    pytest.param(('joint', 'token'), marks=pytest.mark.slow),
    pytest.param(('space_only', None), marks=pytest.mark.slow),
]


@pytest.fixture(scope='session', params=NETWORKS, ids=str)
def trained(request, tmp_path_factory):
    """A config, its algorithm, and the checkpoint of it."""
    cfg = make_config(*request.param)
    algorithm = build(cfg)
    path = tmp_path_factory.mktemp('trained') / 'epoch_3.pth'
    torch.save({'state_dict': algorithm.state_dict(), 'meta': {'epoch': 3}}, path)
    return cfg, algorithm, path


@pytest.fixture(scope='session')
def video_only(tmp_path_factory):
    """A config with a small network, and the checkpoint of it."""
    cfg = make_config('space_only', None)
    cfg.model.student.backbone = dict(type=Pixels)
    path = tmp_path_factory.mktemp('video_only') / 'epoch_3.pth'
    torch.save({'state_dict': build(cfg).state_dict()}, path)
    return cfg, path
