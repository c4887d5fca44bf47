"""What a model says of videos, in plain words and numbers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.fileio import dump

from mmavssl.apis.inference_pipeline import Failure
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import write_output

#: What a list may say of a clip beside its path.
PART = ('start', 'end', 'audio_path')
#: What predicting gives.
RESULTS = ('predictions', 'visualization', 'errors')


def class_names(checkpoint: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the names of the classes that a Runner's checkpoint has, None if there are none.

    >>> class_names({'meta': {'dataset_meta': {'classes': ['run', 'jump']}}})
    ('run', 'jump')
    """
    known: Any = checkpoint
    for key in ('meta', 'dataset_meta', 'classes'):
        known = known.get(key) if isinstance(known, Mapping) else None
    return tuple(map(str, known)) if isinstance(known, list | tuple) and known else None


def class_name(label: int, classes: Sequence[str] | None) -> str:
    """Return the name of a class, ``class 3`` where no names are known."""
    return classes[label] if classes else f'class {label}'


def failed_if_not_finite(sample: AVDataSample) -> AVDataSample | Failure:
    """Return a prediction, or a failure where its probabilities are not numbers."""
    if sample.pred_score.isfinite().all():
        return sample
    reason = (
        f'{sample.video_path}: the probabilities are not finite: the weights are broken, or the '
        'model needs others.'
    )
    return Failure(sample.sample_idx, sample.video_path, reason)


def describe(
    sample: AVDataSample, classes: Sequence[str] | None = None, topk: int = 5
) -> dict[str, Any]:
    """Return a prediction as plain data.

    Args:
        sample: with ``pred_score`` (C,) and ``video_path``.
        classes: names of the C classes, if known.
        topk: how many classes to list; at most C are.

    Returns:
        ``path``, and of ``start``, ``end`` and ``audio_path`` what a list says; ``label``,
        ``class`` and ``score`` of the likeliest class, ``topk`` of these for the likeliest
        classes, ``entropy`` of all C in nats, and ``margin``, how much likelier the first one is
        than the second one.

    Raises:
        ConfigError: ``topk`` below 1, or there are other than C names.
    """
    if topk < 1:
        raise ConfigError(f'Expected `topk` to be at least 1, but got {topk!r}.')
    scores = sample.pred_score.double().cpu().numpy()
    if classes and len(classes) != len(scores):
        raise ConfigError(
            f'The checkpoint names {len(classes)} classes, but the model has {len(scores)}.'
        )
    order = np.argsort(-scores, kind='stable')
    best = [
        {'label': label, 'class': class_name(label, classes), 'score': float(scores[label])}
        for label in order[:topk].tolist()
    ]
    positive = scores[scores > 0]
    ranked = [*scores[order[:2]], 0.0]
    part = {name: sample.get(name) for name in PART if sample.get(name) is not None}
    return {
        'path': sample.video_path,
        **part,
        **best[0],
        'topk': best,
        'entropy': abs(float((positive * np.log(positive)).sum())),
        'margin': float(ranked[0] - ranked[1]),
    }


def in_plain_words(
    preds: Sequence[AVDataSample | Failure], classes: Sequence[str] | None = None, topk: int = 5
) -> dict[str, list[dict[str, Any]]]:
    """Return ``predictions`` (of `describe`), and ``errors``: ``path`` and ``reason``.

    Args:
        preds: what became of each input.
        classes: as in `describe`.
        topk: as in `describe`.
    """
    failures = [pred for pred in preds if isinstance(pred, Failure)]
    samples = [pred for pred in preds if not isinstance(pred, Failure)]
    return {
        'predictions': [describe(sample, classes, topk) for sample in samples],
        'errors': [{'path': each.path, 'reason': each.reason} for each in failures],
    }


def one_line(prediction: Mapping[str, Any]) -> str:
    """Return a prediction in one line.

    >>> one_line({'path': 'a.mp4', 'start': 2.0, 'topk': [{'class': 'drum', 'score': 0.875}]})
    'a.mp4 (from 2 s): drum 0.875'
    """
    best = ', '.join(f'{each["class"]} {each["score"]:.3f}' for each in prediction['topk'])
    part = part_in_words(prediction.get('start'), prediction.get('end'))
    return f'{prediction["path"]}{part}: {best}'


def part_in_words(start: float | None, end: float | None) -> str:
    """Return which part of a video is meant, to be put behind its name.

    >>> part_in_words(None, None), part_in_words(2.0, 4.5), part_in_words(None, 3.0)
    ('', ' (2 to 4.5 s)', ' (to 3 s)')
    """
    if start is None and end is None:
        return ''
    if end is None:
        return f' (from {start:g} s)'
    return f' (to {end:g} s)' if start is None else f' ({start:g} to {end:g} s)'


@contextmanager
def written_at_the_end(path: str | Path) -> Iterator[dict[str, list]]:
    """Yield results to fill, which are written to a JSON file whatever ends the work.

    Args:
        path: of the file; nothing is written without one, or without any result.
    """
    results: dict[str, list] = {name: [] for name in RESULTS}
    try:
        yield results
    finally:
        if path and any(results.values()):
            write_output(path, dump(results, file_format='json', indent=2))
