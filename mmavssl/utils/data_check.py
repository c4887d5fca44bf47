"""Check that the files a config needs are there, before anything is built."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmavssl.utils.errors import DataError

FILE_KEYS = ('ann_file', 'classes_file')
REMOTE = '://'


def check_files(cfg: Config, training: bool = True) -> None:
    """Raise at the first list or checkpoint that the config names and that does not exist.

    What to run is taken from the config's ``prepare_commands``: ``data`` for the lists of the data
    set, ``split`` for those of a split, ``localizer`` for checkpoints.

    Args:
        cfg: the config.
        training: whether the training data and the initial weights are needed, or the test data.

    Raises:
        DataError: one line that names the path, the key and the command.
    """
    commands = cfg.get('prepare_commands') or {}
    loaders = ('train_dataloader', 'val_dataloader') if training else ('test_dataloader',)
    for loader in loaders:
        for path, node in _dicts(cfg.get(loader), loader):
            root = node.get('data_root') or ''
            for key in FILE_KEYS:
                if isinstance(node.get(key), str):
                    _require(Path(root, node[key]), f'{path}.{key}', commands)
    if training:
        for path, node in _dicts(cfg.get('model'), 'model'):
            checkpoint = node.get('checkpoint')
            if node.get('type') == 'Pretrained' and checkpoint and REMOTE not in checkpoint:
                _require(Path(checkpoint), f'{path}.checkpoint', commands)


def _dicts(value: Any, path: str) -> Iterator[tuple[str, Mapping]]:
    if isinstance(value, Mapping):
        yield path, value
        for key, child in value.items():
            yield from _dicts(child, f'{path}.{key}')
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from _dicts(child, f'{path}[{index}]')


def _require(file: Path, key: str, commands: Mapping[str, str]) -> None:
    if file.is_file():
        return
    if key.endswith('.checkpoint'):
        what = 'localizer' if '.localizer.' in key else 'weights'
    else:
        what = 'split' if 'splits' in file.parts else 'data'
    command = commands.get(what)
    remedy = f' To prepare it: {command}' if command else ' Prepare it, or change the key.'
    raise DataError(f'{file} does not exist; `{key}` names it.{remedy}')
