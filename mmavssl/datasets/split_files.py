"""The files of a split: ``labeled.csv``, ``unlabeled.csv`` and ``split.json``."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mmavssl.datasets.manifest import ClipEntry, format_manifest
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.file_hash import sha256_of
from mmavssl.version import __version__

TOOL_VERSION_KEY = 'mmavssl'


def write_split(
    out_dir: str | Path,
    manifest: str | Path,
    classes: Sequence[str],
    clips: tuple[Sequence[ClipEntry], Sequence[ClipEntry]],
    facts: dict,
    overwrite: bool = False,
) -> dict:
    """Write a split.

    Args:
        out_dir: folder of the split.
        manifest: that the clips are from.
        classes: class names.
        clips: labeled and unlabeled ones, all with labels.
        facts: where the split comes from; without `keep_labels`, unlabeled ones lose theirs.
        overwrite: replace a different split.

    Returns:
        What ``split.json`` says: the facts and numbers.

    Raises:
        ConfigError: another split is in the way.
        DataError: there is no unlabeled clip.
    """
    labeled, unlabeled = clips
    if not unlabeled:
        raise DataError(
            f'{manifest}: {len(labeled)} labeled clips leave no unlabeled clip. Ask for fewer '
            'labels.'
        )
    facts = {
        **facts,
        'num_labeled': len(labeled),
        'num_unlabeled': len(unlabeled),
        'labeled_per_class': _count(labeled, classes),
        'unlabeled_per_class': _count(unlabeled, classes),
        'manifest_sha256': sha256_of(manifest),
        TOOL_VERSION_KEY: __version__,
    }
    if not facts['keep_labels']:
        unlabeled = [replace(entry, label=None) for entry in unlabeled]
    files = {
        'labeled.csv': format_manifest(labeled),
        'unlabeled.csv': format_manifest(unlabeled),
        'split.json': json.dumps(facts, indent=2, ensure_ascii=False) + '\n',
    }
    _write(Path(out_dir), files, overwrite)
    return facts


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
