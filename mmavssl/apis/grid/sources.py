"""What a run reads besides its config, and whether a result was made from the same.

Hashes of configs are the same on all machines, so they know neither the content of files nor in
which folder outside of the repository these are. Results have both beside the hash: ``made``, what
the commands of the grid have made, and ``outside``, what is outside. Earlier results lack one or
both, and what is not on this machine cannot be compared: neither counts as a difference. Nor do
other clips below the same list, as a list stands for its clips, or data in the repository that no
command of the grid has made.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmavssl.apis.grid.config_hash import counted
from mmavssl.apis.grid.made import digest_of
from mmavssl.apis.grid.moves import texts
from mmavssl.utils.configs import load_config

#: ``made`` and ``outside``.
Sources = dict[str, dict[str, Any]]
DATA_ROOT, LIST = '.data_root', '.ann_file'


def outside(config: Path, options: Sequence[str], root: Path) -> dict[str, dict[str, str]]:
    """Return ``path``, and ``sha256`` where it is a file, of what a config reads outside.

    Args:
        config: file.
        options: ``KEY=VALUE``.
        root: of the repository, whose files are not outside.

    Returns:
        By keys of the config. For a folder of clips the hash is that of their list.
    """
    words = dict(texts(counted(load_config(str(config), options)), ''))
    found = {}
    for place, text in words.items():
        if not os.path.isabs(text) or Path(os.path.normpath(text)).is_relative_to(root):
            continue
        list_of = words.get(place.removesuffix(DATA_ROOT) + LIST)
        file = Path(text, list_of) if place.endswith(DATA_ROOT) and list_of else Path(text)
        digest = {'sha256': digest_of(file)} if file.is_file() else {}
        found[place.removeprefix('.')] = {'path': text, **digest}
    return found


def difference(
    record: Mapping[str, Any],
    now: Callable[[], Mapping[str, Mapping[str, str]]],
    root: Path,
    digest: Callable[[Path], str] = digest_of,
) -> str | None:
    """Return in which way a result was made from something else, None if it was not.

    Args:
        record: of the same config, by its hash.
        now: gives what the run would read `outside`.
        root: of the repository.
        digest: of files and folders.
    """
    for path, known in (record.get('made') or {}).items():
        if (root / path).exists() and digest(root / path) != known:
            return f'{path} has another content than it had'
    before = record.get('outside') or {}
    here = now() if before else {}
    for place in sorted(before.keys() & here.keys()):
        old, new = before[place], here[place]
        if is_other(old, new) and old['path'] == new['path']:
            return f'{place} is {new["path"]}, which has another content than it had'
        if is_other(old, new):
            return f'{place} is {new["path"]} and was {old["path"]}'
    return None


def is_other(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether what is outside is known to be something else: by hashes, or else by its place."""
    if 'sha256' in old and 'sha256' in new:
        return old['sha256'] != new['sha256']
    is_elsewhere = os.path.realpath(old['path']) != os.path.realpath(new['path'])
    return is_elsewhere and os.path.isdir(old['path'])  # as on another machine it may not be
