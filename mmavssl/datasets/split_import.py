"""Take over the published splits of other projects, such as SVFormer's lists of UCF-101."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest
from mmavssl.datasets.published_list import ClipMatcher, ListedClip, Matched, read_published
from mmavssl.datasets.split_audit import check_no_leak
from mmavssl.datasets.split_files import write_split
from mmavssl.utils.errors import DataError
from mmavssl.utils.file_hash import sha256_of


def import_split(
    manifest: str | Path,
    classes_file: str | Path,
    out_dir: str | Path,
    labeled_list: str | Path,
    unlabeled_list: str | Path | None = None,
    keep_labels: bool = True,
    overwrite: bool = False,
    test_manifest: str | Path | None = None,
) -> dict:
    """Write the split that published lists say, in the form of `make_split`.

    Args:
        manifest: list of all training clips with labels, which count.
        classes_file: class names.
        out_dir: folder of the split.
        labeled_list: text list ``path label`` of another project.
        unlabeled_list: of the pool; None: all other clips of the manifest.
        keep_labels: keep the hidden labels in ``unlabeled.csv``; training uses them for logs only.
        overwrite: replace a different split.
        test_manifest: list of the test clips, to see that none of them is in training.

    Returns:
        What ``split.json`` says.

    Raises:
        ConfigError: another split is in the way.
        DataError: a list cannot be used, contradicts the manifest or the other list, leaves a
            class without labels, or names test clips.
    """
    classes = read_classes(classes_file)
    entries = read_manifest(manifest, classes)
    listed = read_published(labeled_list)
    pool = [] if unlabeled_list is None else read_published(unlabeled_list)
    _check_apart(listed, pool)
    if test_manifest is not None:
        test = read_manifest(test_manifest, classes)
        check_no_leak(entries, test)
        _check_no_test_clip([*listed, *pool], test, test_manifest)
    matcher = ClipMatcher(entries, classes)
    labeled = matcher.match(listed)
    _check_every_class(labeled, classes, labeled_list)
    imported = {'labeled_list': _facts(labeled_list, listed, labeled)}
    if unlabeled_list is None:
        chosen = set(labeled.entries)
        unlabeled = [entry for entry in entries if entry not in chosen]
    else:
        matched = matcher.match(pool)
        imported['unlabeled_list'] = _facts(unlabeled_list, pool, matched)
        in_pool = set(matched.entries)
        unlabeled = [entry for entry in entries if entry in in_pool]
    by_class = sorted(labeled.entries, key=lambda entry: (entry.label, entry.path))
    facts = {'imported': imported, 'keep_labels': keep_labels}
    return write_split(out_dir, manifest, classes, (by_class, unlabeled), facts, overwrite)


def _check_every_class(found: Matched, classes: Sequence[str], path: str | Path) -> None:
    counts = Counter(entry.label for entry in found.entries)
    without = [name for label, name in enumerate(classes) if not counts[label]]
    if without:
        lost = f' Not in the manifest: {", ".join(found.absent[:5])}.' if found.absent else ''
        raise DataError(
            f'{path} leaves {len(without)} of {len(classes)} classes without a labeled clip, '
            f'the first is {without[0]!r}.{lost} Take another list, or draw a split by `--shots`.'
        )


def _check_apart(listed: Sequence[ListedClip], pool: Sequence[ListedClip]) -> None:
    by_stem = {clip.stem: clip for clip in pool}
    both = [clip for clip in listed if clip.stem in by_stem]
    if both:
        raise DataError(
            f'{len(both)} clips are in both lists, the first is {both[0].path} ({both[0].where} '
            f'and {by_stem[both[0].stem].where}). Are they of the same split?'
        )


def _check_no_test_clip(
    listed: Sequence[ListedClip], test: Sequence[ClipEntry], path: str | Path
) -> None:
    tested = {PurePosixPath(entry.path).stem.lower(): entry for entry in test}
    both = [clip for clip in listed if clip.stem in tested]
    if both:
        raise DataError(
            f'{len(both)} listed clips are test clips, the first is {both[0].path} '
            f'({both[0].where}), line {tested[both[0].stem].line} of {path}. The list is of '
            'another division into training and test clips.'
        )


def _facts(path: str | Path, listed: Sequence[ListedClip], found: Matched) -> dict:
    return {
        'file': Path(path).name,
        'sha256': sha256_of(path),
        'rows': len(listed),
        'taken': len(found.entries),
        'of_other_classes': found.num_others,
        'not_in_the_manifest': sorted(found.absent),
    }
