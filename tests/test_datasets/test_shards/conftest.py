"""Folders of small files of any bytes, and shards of them."""

from pathlib import Path

import numpy as np
import pytest

from mmavssl.datasets.manifest import ClipEntry, write_manifest
from mmavssl.datasets.shards.pack import PackOptions, pack_shards

CLASSES = ('run', 'sit')
NAMES = [
    'videos/run/a.mp4', 'videos/run/b c.MP4', 'videos/sit/größe.avi', 'videos/sit/v1.2 (x).webm',
    'videos/sit/日本.mkv', 'videos/run/none', 'videos/run/' + 'long' * 40 + '.mp4',
    *(f'videos/run/{n}.mp4' for n in range(20)),
]  # fmt: skip


class Packed:
    """Files, their list, and the folder that shards of them go to."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root / 'own', root / 'shards'
        self.manifest = self.root / 'list.csv'
        self.entries = [ClipEntry(name, number % 2) for number, name in enumerate(NAMES)]
        generator = np.random.default_rng(0)
        for number, name in enumerate(NAMES):
            self.write(name, generator.bytes(500 + 100 * number))
        (self.root / 'classes.txt').write_text('run\nsit\n')

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def content(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def pack(self, out: Path | None = None, **options) -> dict:
        write_manifest(self.manifest, self.entries)
        options = PackOptions(**{'shard_size': 20_000, **options})
        return pack_shards(self.manifest, out or self.out, options=options)

    def files(self, out: Path | None = None) -> dict[str, bytes]:
        """Return what is in the folder of the shards."""
        return {path.name: path.read_bytes() for path in (out or self.out).iterdir()}


@pytest.fixture
def packed(tmp_path: Path) -> Packed:
    return Packed(tmp_path)
