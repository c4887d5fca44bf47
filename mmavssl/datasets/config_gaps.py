"""Are there classes of which a config's training lists label no clip?"""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmavssl.datasets.clip_check import listed_datasets
from mmavssl.datasets.config_leaks import clips_of
from mmavssl.datasets.manifest import read_classes

NAMED = 5


def describe_gaps(cfg: Config) -> str | None:
    """Return a line about classes without a labeled clip, as a list of pseudo labels may have.

    Lists that the data sets of a run hold are not read again.
    """
    classes: list[str] = []
    labels: set[int] = set()
    files: list[str] = []
    for key, node in listed_datasets(cfg, 'train_dataloader'):
        by_place = 'unlabeled' if key.endswith('.unlabeled') else 'labeled'
        found = clips_of(node)
        if node.get('source', by_place) == 'labeled' and found is not None:
            file, clips = found
            files.append(file)
            labels |= set(clips.table.labels[np.asarray(clips.rows)].tolist())
            root = node.get('data_root') or ''
            classes = read_classes(Path(root, node.get('classes_file', 'classes.txt')))
    missing = [name for label, name in enumerate(classes) if label not in labels]
    if not missing:
        return None
    more = len(missing) - NAMED
    shown = ', '.join(missing[:NAMED]) + (f' and {more} more' if more > 0 else '')
    return (
        f'{len(missing)} of {len(classes)} classes have no labeled clip in {", ".join(files)}, so '
        f'that nothing tells what they are: {shown}. Label a clip of each.'
    )
