"""Check the lists of a config, their classes and clips, before anything is built."""

import inspect
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from mmavssl.datasets.av_dataset import AVDataset
from mmavssl.datasets.clip_infos import place_of
from mmavssl.datasets.manifest import read_classes
from mmavssl.datasets.open_lists import open_manifest
from mmavssl.datasets.readers.storage import is_remote
from mmavssl.utils.data_check import data_command
from mmavssl.utils.dataset_configs import dataset_class, dataset_configs
from mmavssl.utils.errors import ConfigError, DataError

HEAD = 'model.student.head.num_classes'


def check_clips(cfg: Config, loaders: Sequence[str]) -> None:
    """Raise if a list is faulty, its clips do not exist, or the head does not fit its classes.

    The first, the middle and the last clip of each list tell a data set that was never downloaded,
    or another ``data_root``, from one in place, without a look at every file. `check_files` has
    found the lists.

    Args:
        cfg: the config.
        loaders: names of the data loaders to look at.

    Raises:
        ConfigError: the recognizer's head has another number of classes than the classes file, or
            ``indices`` are of no clip.
        DataError: one line that names the clip, the list, the key and, from the config's
            ``prepare_commands.data``, the command; or a fault in a list.
    """
    outputs = _head_outputs(cfg)
    commands = cfg.get('prepare_commands') or {}
    for loader in loaders:
        for path, node in listed_datasets(cfg, loader):
            _check_list(path, node, data_command(node, commands), outputs)


def listed_datasets(cfg: Config, loader: str) -> Iterator[tuple[str, Mapping]]:
    """Yield the path in the config and the config of each data set of clips that has a list.

    Args:
        cfg: the config.
        loader: name of the data loader.
    """
    for path, node in dataset_configs(cfg.get(loader), loader):
        target = dataset_class(node)
        if inspect.isclass(target) and issubclass(target, AVDataset) and node.get('ann_file'):
            yield path, node


def _head_outputs(cfg: Config) -> int | None:
    """Return ``model.student.head.num_classes``; None for models without such a head."""
    node = {'model': cfg.get('model')}
    for key in HEAD.split('.'):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _check_list(path: str, node: Mapping, command: str | None, outputs: int | None) -> None:
    root = Path(node.get('data_root') or '')
    ann_file = root / node['ann_file']
    classes_file = root / node.get('classes_file', 'classes.txt')
    classes = read_classes(classes_file)
    if outputs not in (None, len(classes)):
        raise ConfigError(
            f'{HEAD}: expected {len(classes)}, the number of classes in {classes_file} '
            f'(`{path}.classes_file`), but got {outputs!r}. Set {HEAD}={len(classes)}, or name '
            'other classes.'
        )
    entries = open_manifest(ann_file, classes, hand_over=True)  # to the data set
    if node.get('indices') in (0, []):
        raise ConfigError(
            f'{path}.indices: {node["indices"]!r} leaves none of the {len(entries)} clips of '
            f'{ann_file}. Name some, or leave it out.'
        )
    prefix = (node.get('data_prefix') or {}).get('video', '')
    folder = place_of(prefix, str(root))
    for entry in (entries[0], entries[len(entries) // 2], entries[-1]):
        for name in (entry.path, entry.audio_path):
            file = place_of(name, folder) if name else None
            if file and not is_remote(file, _storage(node)) and not os.path.exists(file):
                remedy = f'To prepare the data: {command}' if command else 'Correct the key.'
                key = 'data_prefix.video' if prefix else 'data_root'
                raise DataError(
                    f'{file} does not exist; {ann_file}:{entry.line} lists it, relative to '
                    f'`{path}.{key}`. {remedy}'
                )


def _storage(node: Mapping) -> Mapping | None:
    """Return the storage that the pipeline reads the files from; None: the disk."""
    pipeline = node.get('pipeline') or [{}]
    return pipeline[0].get('backend_args') if isinstance(pipeline[0], Mapping) else None
