"""The files beside the shards."""

import csv
import json
from io import StringIO
from pathlib import Path

from mmavssl.datasets.manifest import write_manifest
from mmavssl.datasets.shards import layout
from mmavssl.datasets.shards.packing_list import PackingList
from mmavssl.datasets.shards.packing_state import PackingState
from mmavssl.datasets.shards.shard_index import join_records
from mmavssl.version import __version__


def write_folder(folder: Path, files: PackingList, state: PackingState) -> dict:
    """Write all that belongs to complete shards, ``shards.json`` last.

    Args:
        folder: of the shards.
        files: that were packed.
        state: with all shards.

    Returns:
        What ``shards.json`` says.
    """
    index = join_records(state.records())
    index.save(folder / layout.INDEX)
    clips = files.clips([number for number, *_ in state.missing])
    write_manifest(folder / layout.MANIFEST, clips)
    _write(folder / layout.CLASSES, ''.join(f'{name}\n' for name in files.classes))
    if state.missing:
        _write(folder / layout.MISSING, _missing_table(state.missing))
    sums = ''.join(f'{shard["sha256"]}  {shard["file"]}\n' for shard in state.shards)
    _write(folder / layout.CHECKSUMS, sums)
    facts = {
        'format': layout.FORMAT,
        'mmavssl': __version__,
        'inputs': state.inputs,
        'clips': len(clips),
        'samples': sum(shard['samples'] for shard in state.shards),
        'files': len(index),
        'missing': len(state.missing),
        'bytes': sum(shard['bytes'] for shard in state.shards),
        'shards': [_select(shard, 'file', 'samples', 'bytes') for shard in state.shards],
    }
    draft = folder / f'{layout.FACTS}.part'
    _write(draft, json.dumps(facts, indent=2) + '\n')
    draft.replace(folder / layout.FACTS)
    return facts


def _missing_table(rows: list[list]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['path', 'problem'])
    writer.writerows(row[1:] for row in rows)
    return text.getvalue()


def _select(facts: dict, *keys: str) -> dict:
    return {key: facts[key] for key in keys}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding='utf-8', newline='\n')
