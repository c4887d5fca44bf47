"""What an earlier run left in the folder of the lists: may it be replaced, does it still fit?"""

import json
from collections.abc import Sequence
from pathlib import Path

from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest
from mmavssl.datasets.preparation.recipe import Recipe
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.file_hash import sha256_of

NAMED = 3


def check_replaceable(recipe: Recipe, out_dir: Path, overwrite: bool = False) -> None:
    """Raise if there are lists of another data set, or class names in another order.

    Args:
        recipe: of the new lists, which knows its classes.
        out_dir: folder of the lists.
        overwrite: class names may change.

    Raises:
        ConfigError: says what is there.
    """
    summary, lists = out_dir / 'summary.json', out_dir / 'manifest_train.csv'
    name = json.loads(summary.read_text('utf-8')).get('name') if summary.is_file() else None
    if name != recipe.name and (name or lists.is_file()):
        raise ConfigError(
            f'{out_dir} holds lists of {name or "another origin"}, and those of {recipe.name} '
            'would replace them. Choose another OUT_DIR, or move them away.'
        )
    if recipe.classes and not overwrite:
        _check_classes(recipe.classes, out_dir / 'classes.txt')


def _check_classes(new: tuple[str, ...], file: Path) -> None:
    text = file.read_text('utf-8-sig', errors='replace') if file.is_file() else ''
    old = [name for line in text.splitlines() if (name := line.strip())]
    if not old or old == [*new]:
        return
    changes = [
        f'{_count(names)} would {verb}: {", ".join(map(repr, names[:NAMED]))}'
        + ', ...' * (len(names) > NAMED)
        for verb, names in (
            ('go', [name for name in old if name not in new]),
            ('be new', [name for name in new if name not in old]),
        )
        if names
    ]
    raise ConfigError(
        f'{file} has other classes than RAW_DIR ({"; ".join(changes) or "in another order"}), and '
        'labels go by it. Name the folder that these lists are of, choose another OUT_DIR, or '
        'replace them by `--overwrite`.'
    )


def _count(names: list[str]) -> str:
    return f'{len(names)} class' + 'es' * (len(names) > 1)


def describe_stale_splits(out_dir: Path) -> str | None:
    """Return what to say of splits that do not fit the training list any more; None if all do.

    Args:
        out_dir: folder of the lists, as they are now.
    """
    manifest, classes_file = out_dir / 'manifest_train.csv', out_dir / 'classes.txt'
    folders = sorted(file.parent for file in out_dir.glob('splits/*/split.json'))
    if not (folders and manifest.is_file() and classes_file.is_file()):
        return None
    digest = sha256_of(manifest)
    changed = [f for f in folders if digest not in (f / 'split.json').read_text(errors='replace')]
    if not changed:
        return None
    classes = read_classes(classes_file)
    labels = {_place(entry): entry.label for entry in _read(manifest, classes) or ()}
    stale = [f'splits/{f.name}' for f in changed if not _fits(f, labels, classes)]
    if not stale:
        return None
    return (
        f'{", ".join(stale)}: made from another list. Clips of it are no longer in {manifest}, '
        'where they may be test clips now, or have another label there. Make such splits again as '
        'before, with --overwrite: tools/data/make_split.py'
    )


def _fits(split: Path, labels: dict[tuple, int | None], classes: tuple[str, ...]) -> bool:
    lists = [_read(split / name, classes) for name in ('labeled.csv', 'unlabeled.csv')]
    return all(
        entries is not None
        and all(
            _place(entry) in labels and entry.label in (None, labels[_place(entry)])
            for entry in entries
        )
        for entries in lists
    )


def _read(file: Path, classes: tuple[str, ...]) -> Sequence[ClipEntry] | None:
    """Return the clips of a list; None if it cannot be read, as with labels of more classes."""
    try:
        return read_manifest(file, classes)
    except DataError:
        return None


def _place(entry: ClipEntry) -> tuple[str, float | None, float | None]:
    return entry.path, entry.start, entry.end
