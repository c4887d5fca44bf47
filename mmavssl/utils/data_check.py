"""Check that the files a config needs are there, before anything is built."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmavssl.utils.errors import DataError

FILE_KEYS = ('ann_file', 'classes_file')
REMOTE = '://'
PRETRAINED = ('Pretrained', 'mmengine.Pretrained')
NO_ROOT = ', with no `data_root` before it'
#: Weights that their own reader gets; MMEngine would load those of other addresses unchecked.
CHECKED = 'timm://'


def check_files(cfg: Config, training: bool = True) -> None:
    """Raise at the first folder, list or checkpoint that the config names and that is not there.

    What to run is taken from the config's ``prepare_commands``: ``data`` for a data set and its
    lists, ``split`` for the lists in a folder ``splits``, ``localizer`` for a localizer's
    checkpoint, ``weights`` for other ones. See `data_command` for a data set's own.

    Args:
        cfg: the config.
        training: whether the training data and the initial weights are needed, or the test data.

    Raises:
        DataError: one line that names the path, the key and the command; or weights would be
            downloaded without a check of their content.
    """
    commands = cfg.get('prepare_commands') or {}
    loaders = ('train_dataloader', 'val_dataloader') if training else ('test_dataloader',)
    for loader in loaders:
        for path, node in _dicts(cfg.get(loader), loader):
            _check_dataset(node, path, commands)
    if not training:
        return
    for path, node in _dicts(cfg.get('model'), 'model'):
        if node.get('type') in PRETRAINED:
            what = 'localizer' if '.localizer.' in path else 'weights'
            _require_weights(node.get('checkpoint'), f'{path}.checkpoint', commands.get(what))
    _require_weights(cfg.get('load_from'), 'load_from', commands.get('weights'))


def data_command(node: Mapping, commands: Mapping[str, str]) -> str | None:
    """Return what prepares a data set: its own ``prepare_command`` before ``data`` of the config.

    One that does not name the folder is of the data set of a base, in whose place is another now.

    Args:
        node: config of the data set.
        commands: the config's ``prepare_commands``.
    """
    own, for_data = node.get('prepare_command'), commands.get('data')
    root = (node.get('data_root') or '').rstrip('/')
    return own if own and (root in own or not for_data) else for_data


def _check_dataset(node: Mapping, path: str, commands: Mapping[str, str]) -> None:
    if not any(isinstance(node.get(key), str) for key in FILE_KEYS):
        return
    root = node.get('data_root') or ''
    for_data = data_command(node, commands)
    _require(root, f'{path}.data_root', for_data)
    for key in FILE_KEYS:
        if node.get(key) and REMOTE not in root:
            file = Path(root, node[key])
            for_split = 'splits' in file.parts and commands.get('split')
            command = for_split or for_data
            _require(str(file), f'{path}.{key}', command, '' if root else NO_ROOT)


def _require_weights(file: str | None, key: str, command: str | None) -> None:
    if file and REMOTE in file and not file.startswith(CHECKED):
        raise DataError(
            f'{file}: `{key}` names an address, and nothing checks what comes from there. '
            'Download the file, compare its sha256 with the published one, and name its path.'
        )
    _require(file, key, command)


def _require(file: str | None, key: str, command: str | None, note: str = '') -> None:
    if not file or REMOTE in file or Path(file).exists():
        return
    where = '' if Path(file).is_absolute() else f' in {Path.cwd()}'
    remedy = f'To prepare it: {command}' if command else 'Prepare it, or correct the key.'
    raise DataError(f'{file} does not exist{where}; `{key}` names it{note}. {remedy}')


def _dicts(value: Any, path: str) -> Iterator[tuple[str, Mapping]]:
    if isinstance(value, Mapping):
        yield path, value
        for key, child in value.items():
            yield from _dicts(child, f'{path}.{key}')
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from _dicts(child, f'{path}[{index}]')
