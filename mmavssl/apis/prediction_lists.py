"""Lists of predicted videos, for the next training and for who labels next."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.datasets.manifest import write_manifest
from mmavssl.datasets.preparation.file_tree import NAMEABLE
from mmavssl.datasets.readers.storage import is_remote
from mmavssl.utils.errors import ConfigError, DataError

#: Measures of uncertainty: what they are of a prediction, greater for less certain ones.
UNCERTAINTIES = {
    'entropy': lambda prediction: prediction['entropy'],
    'margin': lambda prediction: -prediction['margin'],
    'confidence': lambda prediction: -prediction['score'],
}


def check_nameable(paths: Iterable[str]) -> None:
    """Raise a DataError, before long work, at a file whose name cannot stand in a list."""
    bad = next((path for path in paths if not NAMEABLE.fullmatch(absolute(path))), None)
    if bad is not None:
        raise DataError(
            f'{bad!a} cannot stand in a list (--save-pseudo-labels, --most-uncertain): its name '
            'has line breaks or is no UTF-8. Rename it.'
        )


def save_pseudo_labels(
    path: str | Path,
    predictions: Sequence[Mapping[str, Any]],
    classes: Sequence[str] | None = None,
    min_confidence: float = 0.0,
) -> int:
    """Write a manifest of videos with the classes that were predicted, and how surely.

    Training reads it as a list of labeled clips, whatever its ``data_root``: paths are absolute,
    and what a list says of them beside (``start``, ``end``, ``audio_path``) is in it as well.

    Args:
        path: CSV file to write.
        predictions: of `describe`.
        classes: names of the classes, which are written in place of their numbers.
        min_confidence: less likely labels are left out.

    Returns:
        Number of rows.

    Raises:
        ConfigError: ``min_confidence`` is no probability.
        DataError: no label is likely enough.
    """
    if not 0 <= min_confidence <= 1:
        raise ConfigError(
            f'Expected a least confidence from 0 to 1, but got {min_confidence!r}.'
        )
    likely = [each for each in distinct(predictions) if each['score'] >= min_confidence]
    entries = [
        replace(
            entry_of(each), label=each['label'], confidence=min(round(each['score'], 6), 1.0)
        )
        for each in likely
    ]
    if not entries:
        highest = max((each['score'] for each in predictions), default=0.0)
        raise DataError(
            f'{path} is not written: of {len(predictions)} videos, none has a class with a '
            f'confidence of {min_confidence:g}; the highest is {highest:.3f}. Ask for less.'
        )
    write_manifest(path, entries, classes)
    return len(entries)


def most_uncertain(
    predictions: Sequence[Mapping[str, Any]], count: int, measure: str = 'entropy'
) -> list[Mapping[str, Any]]:
    """Return the predictions that are least certain, the least certain first.

    Args:
        predictions: of `describe`.
        count: how many, at most.
        measure: ``entropy`` of all classes, ``margin`` between the likeliest two, or
            ``confidence`` in the likeliest.

    Raises:
        ConfigError: unknown measure, or a ``count`` below 1.
    """
    if measure not in UNCERTAINTIES:
        raise ConfigError(f'Expected one of {tuple(UNCERTAINTIES)}, but got {measure!r}.')
    if count < 1:
        raise ConfigError(f'Expected at least 1 of the most uncertain videos, but got {count!r}.')
    return sorted(distinct(predictions), key=UNCERTAINTIES[measure], reverse=True)[:count]


def save_unlabeled(path: str | Path, predictions: Sequence[Mapping[str, Any]]) -> None:
    """Write a manifest of videos whose labels are to be filled in, in their order."""
    write_manifest(path, [entry_of(each) for each in predictions])


def distinct(predictions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the predictions, the last one of each clip, as a list has it once."""
    found = {}
    for each in predictions:
        entry = entry_of(each)
        found[entry.path, entry.start, entry.end] = each
    return list(found.values())


def entry_of(prediction: Mapping[str, Any]) -> ClipEntry:
    """Return the row of a list that a prediction is of, without its label."""
    sound = prediction.get('audio_path')
    return ClipEntry(
        absolute(prediction['path']),
        start=prediction.get('start'),
        end=prediction.get('end'),
        audio_path=sound and absolute(sound),
    )


def absolute(path: str) -> str:
    """Return a path that does not depend on a folder; a URL stays as it is."""
    return path if is_remote(path) else os.path.abspath(path)
