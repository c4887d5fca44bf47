"""Choose the few labeled clips of a semi-supervised experiment."""

from collections.abc import Sequence
from pathlib import Path

from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest
from mmavssl.datasets.split_audit import check_no_leak
from mmavssl.datasets.split_files import write_split
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import stable_seed


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
    facts = {
        **({'shots': shots} if shots is not None else {'percent': percent}),
        'seed': seed,
        'include_labeled': include_labeled,
        'keep_labels': keep_labels,
    }
    return write_split(out_dir, manifest, classes, (labeled, unlabeled), facts, overwrite)


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
