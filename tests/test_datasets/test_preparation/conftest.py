"""Folders of small videos, as data sets are delivered."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


@pytest.fixture
def make_tree(make_video: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a folder of files with sound, without, and broken ones."""
    keys = dict(seconds=0.4, size=(32, 32))
    sources = {
        'sound': make_video('sound.mp4', **keys),
        'silent': make_video('silent.mp4', sample_rate=None, **keys),
        'text': tmp_path / 'text.mp4',
        'empty': tmp_path / 'empty.mp4',
    }
    sources['text'].write_text('This is no video.\n' * 50)
    sources['empty'].touch()

    def make(folder: str = 'raw', **paths: Sequence[str]) -> Path:
        root = tmp_path / folder
        for kind, names in paths.items():
            for name in names:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(sources[kind], root / name)
        return root

    return make
