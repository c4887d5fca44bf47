"""A small AVSprites data set that the tests of the whole training loop share."""

from pathlib import Path

import pytest

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.splits import make_split


@pytest.fixture(scope='session')
def avsprites_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of 40 training and 8 test clips with a split of one label per class."""
    root = tmp_path_factory.mktemp('data') / 'avsprites'
    generate(root, AVSpritesConfig(get_recipe('default'), num_train=40, num_test=8), workers=1)
    make_split(
        root / 'manifest_train.csv', root / 'classes.txt', root / 'splits/1shot_seed0', shots=1
    )
    return root
