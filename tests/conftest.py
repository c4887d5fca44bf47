"""What tests of several folders share: a small AVSprites data set, and clips without sound."""

from collections.abc import Callable
from pathlib import Path

import av
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


@pytest.fixture(scope='session')
def remove_sound() -> Callable[[Path], None]:
    """Return a function that leaves the pictures of a file as they are, and nothing else."""

    def remove(path: Path) -> None:
        silent = path.with_name('silent.mp4')
        with av.open(str(path)) as source, av.open(str(silent), 'w') as target:
            pictures = source.streams.video[0]
            stream = target.add_stream_from_template(pictures)
            for packet in source.demux(pictures):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        silent.replace(path)

    return remove
