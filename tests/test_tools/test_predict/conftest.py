"""A checkpoint, and videos to predict."""

import shutil

import pytest

from tests.small_predictor import (
    CENTER,
    class_names,
    small_config,
    test_videos,
    write_checkpoint,
)


@pytest.fixture(scope='session')
def weights(avsprites_root, tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    cfg = small_config(avsprites_root, localizer=CENTER)
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.fixture
def pool(avsprites_root, tmp_path):
    """A folder of three videos, one of which is none."""
    folder = tmp_path / 'pool'
    folder.mkdir()
    for name, path in zip(('a.mp4', 'b.mp4'), test_videos(avsprites_root), strict=False):
        shutil.copy(path, folder / name)
    (folder / 'c.mp4').write_bytes(b'no video')
    return folder
