"""The shipped configs, with data that is there, so that all of them can be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.splits import make_split
from mmavssl.structures.box_lists import format_box_lists
from mmavssl.utils.configs import load_config

CONFIGS = Path(__file__).parents[2] / 'configs'
CLASSES = 8
#: Optimizers that share their state with other processes.
SHARDED = ('ZeroRedundancyOptimizer', 'ShardedOptimizer')
#: There are 48 clips.
MAX_BATCH = 24


def make_data(root: Path) -> Path:
    """Write clips, lists, boxes, and empty files in the place of weights."""
    generate(root, AVSpritesConfig(get_recipe('default'), num_train=48, num_test=8), workers=1)
    for shots in (1, 2, 5):
        split = root / f'splits/{shots}shot_seed0'
        make_split(root / 'manifest_train.csv', root / 'classes.txt', split, shots=shots)
    (root / 'boxes_test.json').write_text(format_box_lists({'video': [[0, 0, 1, 1]]}))
    (root / 'weights.pth').touch()
    return root


def base_paths() -> dict[str, Path]:
    """Return all shipped configs by name, but those for several processes alone, as of ZeRO."""
    return {
        path.relative_to(CONFIGS).as_posix(): path
        for path in sorted(CONFIGS.rglob('*.py'))
        if '_base_' not in path.parts
        and not any(optimizer in path.read_text() for optimizer in SHARDED)
    }


def base_config(path: Path, data: Path) -> dict:
    """Return a shipped config, as it is but for files, classes and batch sizes."""
    cfg = load_config(str(path), work_dir=str(data / 'work_dirs')).to_dict()
    relocate(cfg, data)
    return cfg


def relocate(node: Any, data: Path) -> None:
    """Let the config's files be those of `make_data`, its classes and batches."""
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list | tuple):
            relocate(child, data)
    if not isinstance(node, dict):
        return
    if 'ann_file' in node and not (data / node['ann_file']).is_file():
        node['ann_file'] = f'splits/1shot_seed0/{Path(node["ann_file"]).name}'
    if 'data_root' in node:
        node['data_root'] = str(data)
    if 'boxes_file' in node:
        node['boxes_file'] = str(data / Path(node['boxes_file']).name)
    if str(node.get('checkpoint', '')).endswith(('.pth', '.safetensors')):
        node['checkpoint'] = str(data / 'weights.pth')
    if isinstance(node.get('batch_size'), int):
        node['batch_size'] = min(node['batch_size'], MAX_BATCH)
    if 'num_classes' in node:
        node['num_classes'] = CLASSES
