"""Do the training lists of a config have clips that it is tested on?"""

from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from mmavssl.datasets.clip_check import listed_datasets
from mmavssl.datasets.clip_infos import ClipInfos, place_of
from mmavssl.datasets.manifest import read_classes
from mmavssl.datasets.open_lists import open_manifest
from mmavssl.datasets.split_audit import find_tested
from mmavssl.utils.errors import DataError

NAMED = 3


def describe_leaks(cfg: Config) -> list[str]:
    """Return a line for each training list with clips that are validated or tested on.

    Lists that the data sets of a run hold are not read again. One that cannot be read, as that of
    a test on another disk, is not looked at.
    """
    tested = [
        clips
        for loader in ('val_dataloader', 'test_dataloader')
        for _, clips in _lists(cfg, loader).values()
    ]
    leaks = []
    for key, (place, clips) in _lists(cfg, 'train_dataloader').items():
        found = find_tested(clips, tested)
        if found:
            names = [entry.path for entry in found[:NAMED]] + ['...'] * (len(found) > NAMED)
            leaks.append(
                f'{len(found)} of {len(clips)} clips of `{key}` ({place}) are in the validation '
                f'or test list as well: {", ".join(names)}. Accuracies of this run say nothing of '
                'videos that it has not seen. Take the clips out of one of the lists.'
            )
    return leaks


def _lists(cfg: Config, loader: str) -> dict[str, tuple[str, ClipInfos]]:
    """Return file and clips of the lists of a data loader by their place in the config."""
    nodes = listed_datasets(cfg, loader)
    return {key: found for key, node in nodes if (found := clips_of(node))}


def clips_of(node: Mapping) -> tuple[str, ClipInfos] | None:
    """Return file and clips of a data set's list; None for one that cannot be read.

    Args:
        node: of `listed_datasets`.
    """
    root = node.get('data_root') or ''
    file = Path(root, node['ann_file'])
    try:
        classes = read_classes(Path(root, node.get('classes_file', 'classes.txt')))
        table = open_manifest(file, classes)
    except (DataError, OSError):  # a disk that is gone, too
        return None
    prefix = (node.get('data_prefix') or {}).get('video', '')
    clips = ClipInfos(table, place_of(prefix, root), 'test')
    indices = node.get('indices')
    if isinstance(indices, int):
        clips = clips[:indices] if indices >= 0 else clips[indices:]
    elif indices is not None:
        clips = clips.take(indices)
    return str(file), clips
