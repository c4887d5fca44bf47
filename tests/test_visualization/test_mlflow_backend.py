"""MLflow itself is not needed: what it would be told is written down."""

import sys
from types import ModuleType

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmavssl.visualization import ASLVisualizer


@pytest.fixture
def told(monkeypatch) -> list[tuple]:
    calls = []
    mlflow = ModuleType('mlflow')

    def record(name):
        return lambda *args, **kwargs: calls.append((name, *args))

    for name in (
        'set_tracking_uri', 'get_experiment_by_name', 'create_experiment', 'set_experiment',
        'log_image',
    ):  # fmt: skip
        setattr(mlflow, name, record(name))
    monkeypatch.setitem(sys.modules, 'mlflow', mlflow)
    return calls


@pytest.mark.parametrize('uri', [None, 'https://localhost:5000'])
def test_pictures_of_steps_have_files_of_their_own(told, tmp_path, uri):
    backend = dict(type='MLflowBackend', exp_name='clips', tracking_uri=uri)
    init_default_scope('mmavssl')  # as the Runner does
    visualizer = ASLVisualizer(vis_backends=[backend], save_dir=str(tmp_path))
    picture = np.zeros((4, 4, 3), np.uint8)
    for step in (50, 100):
        visualizer.add_image('mixed', picture, step)
    images = [call for call in told if call[0] == 'log_image']
    assert [name for _, _, name in images] == ['mixed_50.png', 'mixed_100.png']
    assert all(np.array_equal(image, picture) for _, image, _ in images)
    database = f'sqlite:///{tmp_path / "vis_data" / "mlflow.db"}'
    assert ('set_tracking_uri', uri or database) in told
