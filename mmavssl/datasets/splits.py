"""Choose the few labeled clips of a semi-supervised experiment."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mmavssl.datasets.manifest import ClipEntry, format_manifest, read_classes, read_manifest
from mmavssl.datasets.split_audit import check_no_leak
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import stable_seed
from mmavssl.version import __version__

TOOL_VERSION_KEY = 'mmavssl'


def k_shot(
    entries: Sequence[ClipEntry],
    classes: Sequence[str],
    shots: int | None,
    seed: int,
    percent: float | None = None,
) -> list[ClipEntry]:
    """Choose ``shots`` clips, or a share, of every class, uniformly without replacement.

    Each clip has a random rank that follows from (seed, class name, clip) alone, and the first
    ones of each class are taken. So the choice depends neither on the order of the list or the
    classes nor on other classes or library versions, and fewer shots of a seed are among more.

    Args:
        entries: labeled clips.
        classes: class names.
        shots: clips per class, or None for a share.
        seed: of the choice.
        percent: share of each class, rounded, but at least one clip.

    Returns:
        The chosen clips by class, and by path within a class.

    Raises:
        DataError: a clip without label, or a class with fewer clips than shots.
    """
    by_class: dict[int, list[ClipEntry]] = {label: [] for label in range(len(classes))}
    for entry in entries:
        if entry.label is None:
            raise DataError(
                f'{entry.path} (line {entry.line}) has no label, but a split is drawn from '
                'labeled clips. Label it, or take it out.'
            )
        by_class[entry.label].append(entry)
    chosen = []
    for label, name in enumerate(classes):
        clips = by_class[label]
        count = max(round(len(clips) * percent / 100), 1) if shots is None else shots
        if len(clips) < count:
            raise DataError(
                f'Class {name!r} has {len(clips)} clips, fewer than {count} shots. Lower `shots`, '
                'or take the class out of the list and of the class names.'
            )
        ranked = sorted(clips, key=lambda clip, name=name: stable_seed(seed, name, *_place(clip)))
        chosen += sorted(ranked[:count], key=_place)
    return chosen


def make_split(
    manifest: str | Path,
    classes_file: str | Path,
    out_dir: str | Path,
    shots: int | None = 1,
    seed: int = 0,
    include_labeled: bool = False,
    keep_labels: bool = True,
    overwrite: bool = False,
    percent: float | None = None,
    test_manifest: str | Path | None = None,
) -> dict:
    """Write ``labeled.csv``, ``unlabeled.csv`` and ``split.json`` into ``out_dir``.

    Paths stay as they are in the manifest: relative to the same data root.

    Args:
        manifest: list of all training clips with labels.
        classes_file: class names.
        out_dir: folder of the split.
        shots: labeled clips per class; None for a share.
        seed: of the choice.
        include_labeled: keep the labeled clips in the unlabeled pool as well.
        keep_labels: keep the hidden labels in ``unlabeled.csv``; training uses them for logs only.
        overwrite: replace a different split.
        percent: share of each class that is labeled, instead of ``shots``.
        test_manifest: list of the test clips, to see that none of them is in training.

    Returns:
        What ``split.json`` says.

    Raises:
        ConfigError: neither or both of shots and percent, one out of its range, or another split
            is in the way.
        DataError: a manifest cannot be used, a class has too few clips, or test clips are among
            those for training.
    """
    _check_amount(shots, percent)
    classes = read_classes(classes_file)
    entries = read_manifest(manifest, classes)
    try:
        labeled = k_shot(entries, classes, shots, seed, percent)
        if test_manifest is not None:
            check_no_leak(entries, read_manifest(test_manifest, classes))
    except DataError as error:
        raise DataError(f'{manifest}: {error}') from None
    chosen = set(labeled)
    unlabeled = [entry for entry in entries if include_labeled or entry not in chosen]
    if not unlabeled:
        amount = f'{shots} shots' if shots is not None else f'{percent:g} percent'
        raise DataError(f'{manifest}: {amount} leave no unlabeled clip. Ask for fewer labels.')
    facts = {
        **({'shots': shots} if shots is not None else {'percent': percent}),
        'seed': seed,
        'include_labeled': include_labeled,
        'keep_labels': keep_labels,
        'num_labeled': len(labeled),
        'num_unlabeled': len(unlabeled),
        'labeled_per_class': _count(labeled, classes),
        'unlabeled_per_class': _count(unlabeled, classes),
        'manifest_sha256': hashlib.sha256(Path(manifest).read_bytes()).hexdigest(),
        TOOL_VERSION_KEY: __version__,
    }
    if not keep_labels:
        unlabeled = [replace(entry, label=None) for entry in unlabeled]
    files = {
        'labeled.csv': format_manifest(labeled),
        'unlabeled.csv': format_manifest(unlabeled),
        'split.json': json.dumps(facts, indent=2, ensure_ascii=False) + '\n',
    }
    _write(Path(out_dir), files, overwrite)
    return facts


def _check_amount(shots: int | None, percent: float | None) -> None:
    if (shots is None) == (percent is None):
        raise ConfigError(
            f'Expected either `shots` or `percent`, but got shots={shots!r} and '
            f'percent={percent!r}.'
        )
    if shots is not None and shots < 1:
        raise ConfigError(f'Expected `shots` to be at least 1, but got {shots!r}.')
    if percent is not None and not 0 < percent < 100:
        raise ConfigError(f'Expected `percent` to be between 0 and 100, but got {percent!r}.')


def _place(entry: ClipEntry) -> tuple[str, str, str]:
    """Return what tells two clips of a list apart, in a form that sorts."""
    return entry.path, *('' if s is None else f'{s:015.6f}' for s in (entry.start, entry.end))


def _count(entries: Iterable[ClipEntry], classes: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(classes, 0)
    for entry in entries:
        counts[classes[entry.label]] += 1
    return counts


def _write(out_dir: Path, files: dict[str, str], overwrite: bool) -> None:
    if not overwrite:
        for name, text in files.items():
            path = out_dir / name
            if path.exists() and _content(path.read_text('utf-8')) != _content(text):
                raise ConfigError(
                    f'{out_dir} holds another split ({name} differs: another manifest, other '
                    'options, or edited by hand). Choose another `--out`, or `--overwrite` it.'
                )
    out_dir.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out_dir / name).write_text(text, encoding='utf-8', newline='\n')


def _content(text: str) -> str:
    """Drop the version of the tool: the same split of another version is no other split."""
    return '\n'.join(s for s in text.split('\n') if not s.startswith(f'  "{TOOL_VERSION_KEY}"'))
