"""From a folder of videos to the lists of a data set."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmavssl.datasets.manifest import ClipEntry, write_manifest
from mmavssl.datasets.preparation.earlier_lists import check_replaceable
from mmavssl.datasets.preparation.file_tree import FileTree, list_files
from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.probing import (
    probe_all,
    read_tables,
    still_valid,
    table_name,
)
from mmavssl.datasets.preparation.recipe import Clip, Findings, Missing, Recipe, Rejection
from mmavssl.datasets.preparation.selection import select
from mmavssl.datasets.preparation.summary import summarize
from mmavssl.datasets.preparation.video_folder import LINK, path_prefix
from mmavssl.utils.errors import DataError


@dataclass(frozen=True)
class Options:
    """How a data set is prepared.

    Args:
        workers: number of processes that read files.
        decode: decode all of each file, not only its beginning.
        keep_silent: keep clips without sound.
        absolute: write absolute paths.
        retry: read files with a problem again.
        shard: (i, n): read only the i-th of n parts of the files, from 1, and write no lists.
        merge: read no file; all are in the tables of the shards.
        progress: show a bar.
        overwrite: replace a ``classes.txt`` of other names.
    """

    workers: int = 1
    decode: bool = False
    keep_silent: bool = False
    absolute: bool = False
    retry: bool = False
    shard: tuple[int, int] | None = None
    merge: bool = False
    progress: bool = False
    overwrite: bool = False


def prepare(recipe: Recipe, raw_dir: Path, out_dir: Path, options: Options) -> dict | None:
    """Find the clips of a data set, read each, and write the lists of those that can be used.

    Args:
        recipe: says which files belong to the data set.
        raw_dir: folder of the videos.
        out_dir: folder of the lists.
        options: how.

    Returns:
        What ``summary.json`` says; None for a shard.

    Raises:
        ConfigError: the folder holds another data set or other classes, or the videos cannot be
            linked.
        DataError: there are no clips, or for merging some files have not been read.
    """
    tree = list_files(raw_dir, recipe.other_suffixes)
    recipe.check_place(tree, out_dir)
    found = recipe.find(tree)
    _check_any(recipe, tree, found)
    if not recipe.suffix:
        check_replaceable(recipe, out_dir, options.overwrite)
    out_dir.mkdir(parents=True, exist_ok=True)
    probes = _probe(recipe, tree, found, out_dir, options)
    if options.shard:
        return None
    found.rejected += [Rejection(n, 'unknown clip', 'odd characters') for n in tree.unnameable]
    kept, rejected = select(found.clips, probes, options.keep_silent)
    rejected = sorted([*found.rejected, *rejected])
    prefix = path_prefix(raw_dir, out_dir, f'{LINK}{recipe.suffix}', options.absolute)
    _write_lists(recipe, out_dir, kept, prefix)
    for name, text in recipe.more_files(kept).items():
        (out_dir / name).write_text(text, 'utf-8')
    _write_table(out_dir / f'rejected{recipe.suffix}.csv', Rejection._fields, rejected)
    if recipe.lists_missing and not recipe.suffix:
        missing = sorted(found.missing)
        _write_table(out_dir / 'missing.csv', Missing._fields, missing)
    summary = summarize(recipe, found, kept, rejected, probes)
    text = json.dumps(summary, indent=2, ensure_ascii=False) + '\n'
    (out_dir / f'summary{recipe.suffix}.json').write_text(text, 'utf-8')
    return summary


def _check_any(recipe: Recipe, tree: FileTree, found: Findings) -> None:
    if found.clips:
        return
    first = next(iter(found.rejected), None)
    example = f' (the first: {first.path}: {first.detail})' if first else ''
    others = f' and {len(tree.others)} others' if tree.others else ''
    raise DataError(
        f'{tree.root} has {len(tree.videos)} video files{others}, but none that is known as a '
        f'clip of {recipe.name}{example}. Expected {recipe.layouts}.'
    )


def _probe(
    recipe: Recipe, tree: FileTree, found: Findings, out_dir: Path, options: Options
) -> Mapping[str, Probe]:
    names = (name for clip in found.clips for name in (clip.path, clip.sound_path))
    paths = list(dict.fromkeys(names))
    if options.shard:
        index, count = options.shard
        paths = paths[index - 1 :: count]
    stats = {path: tree.stat(path) for path in paths}
    probes, lacking = read_tables(out_dir, recipe.suffix)
    known = still_valid(probes, stats, options.decode, options.retry)
    unread = [path for path in paths if path not in known]
    if options.merge and unread:
        tables = f' Missing: {", ".join(lacking)}.' if lacking else ''
        raise DataError(
            f'{len(unread)} of {len(paths)} files have not been read by a shard, the first is '
            f'{unread[0]}.{tables} Run the shards again (they go on where they were stopped), or '
            'leave out `--merge`.'
        )
    return probe_all(
        tree.root, stats, out_dir / table_name(recipe.suffix, options.shard), known,
        options.workers, options.decode, options.progress,
    )  # fmt: skip


def _write_lists(recipe: Recipe, out_dir: Path, kept: Sequence[Clip], prefix: str) -> None:
    labels = {name: label for label, name in enumerate(recipe.classes)}
    if labels:
        text = ''.join(f'{name}\n' for name in recipe.classes)
        (out_dir / 'classes.txt').write_text(text, 'utf-8')
    for part in recipe.parts:
        entries = [
            ClipEntry(
                prefix + clip.path,
                labels.get(clip.class_name),
                audio_path=clip.audio_path and prefix + clip.audio_path,
            )
            for clip in kept
            if clip.part == part
        ]
        write_manifest(out_dir / f'manifest_{part}.csv', entries)


def _write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open('w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(header)
        writer.writerows(rows)
