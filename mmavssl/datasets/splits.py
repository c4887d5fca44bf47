"""Choose the few labeled clips of a semi-supervised experiment."""

import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest, write_manifest
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import stable_seed
from mmavssl.version import __version__


def k_shot(
    entries: list[ClipEntry], classes: tuple[str, ...], shots: int, seed: int
) -> list[ClipEntry]:
    """Choose ``shots`` clips of every class.

    A class's choice follows from (seed, class name) and its paths alone, so it does not change
    when other classes are added or the list is sorted otherwise.

    Raises:
        DataError: a clip without label, or a class with fewer clips than shots.
    """
    by_class: dict[int, list[ClipEntry]] = defaultdict(list)
    for entry in entries:
        if entry.label is None:
            raise DataError(f'{entry.path} has no label; a split is drawn from labeled clips.')
        by_class[entry.label].append(entry)
    chosen = []
    for label, name in enumerate(classes):
        clips = sorted(by_class[label], key=lambda entry: (entry.path, entry.start or 0.0))
        if len(clips) < shots:
            raise DataError(f'Class {name!r} has {len(clips)} clips, fewer than {shots} shots.')
        rng = np.random.default_rng(stable_seed(seed, name))
        chosen += [clips[i] for i in sorted(rng.choice(len(clips), shots, replace=False))]
    return chosen


def make_split(
    manifest: str | Path,
    classes_file: str | Path,
    out_dir: str | Path,
    shots: int = 1,
    seed: int = 0,
    include_labeled: bool = False,
    keep_labels: bool = True,
    overwrite: bool = False,
) -> dict:
    """Write ``labeled.csv``, ``unlabeled.csv`` and ``split.json`` into ``out_dir``.

    Args:
        manifest: list of all training clips with labels.
        classes_file: class names.
        out_dir: folder of the split.
        shots: labeled clips per class.
        seed: of the choice.
        include_labeled: keep the labeled clips in the unlabeled pool as well.
        keep_labels: keep the hidden labels in ``unlabeled.csv``; training uses them for logs only.
        overwrite: replace a different split.

    Returns:
        What ``split.json`` says.

    Raises:
        ConfigError: shots below 1, or another split is in the way.
        DataError: the manifest cannot be used, or a class has too few clips.
    """
    if shots < 1:
        raise ConfigError(f'Expected `shots` to be at least 1, but got {shots!r}.')
    for path in (manifest, classes_file):
        if not Path(path).is_file():
            raise DataError(f'{path} does not exist. Prepare the data set first.')
    classes = read_classes(classes_file)
    entries = read_manifest(manifest, classes)
    labeled = k_shot(entries, classes, shots, seed)
    chosen = set(labeled)
    unlabeled = entries if include_labeled else [e for e in entries if e not in chosen]
    if not unlabeled:
        raise DataError(f'{shots} shots leave no unlabeled clip of {manifest}.')
    facts = {
        'shots': shots,
        'seed': seed,
        'include_labeled': include_labeled,
        'keep_labels': keep_labels,
        'num_labeled': len(labeled),
        'num_unlabeled': len(unlabeled),
        'unlabeled_per_class': {
            name: sum(entry.label == label for entry in unlabeled)
            for label, name in enumerate(classes)
        },
        'manifest_sha256': hashlib.sha256(Path(manifest).read_bytes()).hexdigest(),
        'mmavssl': __version__,
    }
    out_dir = Path(out_dir)
    _check_existing(out_dir / 'split.json', facts, overwrite)
    out_dir.mkdir(parents=True, exist_ok=True)
    if not keep_labels:
        unlabeled = [replace(entry, label=None) for entry in unlabeled]
    write_manifest(out_dir / 'labeled.csv', labeled)
    write_manifest(out_dir / 'unlabeled.csv', unlabeled)
    (out_dir / 'split.json').write_text(json.dumps(facts, indent=2) + '\n')
    return facts


def _check_existing(path: Path, facts: dict, overwrite: bool) -> None:
    if path.is_file() and not overwrite and json.loads(path.read_text()) != facts:
        raise ConfigError(
            f'{path.parent} holds another split (other manifest, options or version). Choose '
            'another `--out`, or `--overwrite` it.'
        )
