"""Pack the files of a list into shards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmavssl.datasets.shards import layout
from mmavssl.datasets.shards.packed_folder import write_folder
from mmavssl.datasets.shards.packed_sample import PackedSample
from mmavssl.datasets.shards.packing_list import PackingList
from mmavssl.datasets.shards.packing_state import PackingState
from mmavssl.datasets.shards.shard_writer import ShardWriter, check_webdataset
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.file_hash import sha256_of
from mmavssl.utils.progress import progress_bar


@dataclass(frozen=True)
class PackOptions:
    """How to pack.

    Args:
        shard_size: bytes that a shard has at most, unless a single sample has more.
        max_count: samples that a shard has at most; None: any number.
        seed: of the order; None: that of the list.
        skip_missing: leave out files that cannot be read, and list them in ``missing.csv``.
        overwrite: replace shards of another list or with other options.
        progress: show a bar.

    Raises:
        ConfigError: a number below 1.
    """

    shard_size: int = 10**9
    max_count: int | None = None
    seed: int | None = 0
    skip_missing: bool = False
    overwrite: bool = False
    progress: bool = False

    def __post_init__(self) -> None:
        for name in ('shard_size', 'max_count'):
            if (value := getattr(self, name)) is not None and value < 1:
                raise ConfigError(f'Expected `{name}` to be at least 1, but got {value!r}.')

    def is_full(self, shard: ShardWriter, sample: PackedSample) -> bool:
        """Whether a sample belongs into the next shard."""
        return shard.samples == self.max_count or (
            shard.samples > 0 and shard.size + sample.tar_size > self.shard_size
        )


def pack_shards(
    manifest: Path,
    out_dir: Path,
    data_root: Path | None = None,
    classes_file: Path | None = None,
    options: PackOptions | None = None,
) -> dict:
    """Pack the files of a list; where a run was stopped, the next one goes on.

    Args:
        manifest: the list.
        out_dir: folder of the shards, which must be new, or hold shards of the same list.
        data_root: what the paths of the list are relative to. None: its folder.
        classes_file: class names. None: ``classes.txt`` beside the list.
        options: how to pack.

    Returns:
        What ``shards.json`` says.

    Raises:
        ConfigError: ``webdataset`` is not installed, or other files are in the way.
        DataError: a fault in the list, or a file that cannot be read.
    """
    options = options or PackOptions()
    classes_file = classes_file or manifest.parent / layout.CLASSES
    files = PackingList(manifest, classes_file, data_root or manifest.parent, options.seed)
    inputs = {
        'manifest_sha256': sha256_of(manifest),
        'classes_sha256': sha256_of(classes_file),
        'seed': options.seed,
        'shard_size': options.shard_size,
        'max_count': options.max_count,
    }
    if not options.overwrite and (facts := _complete(out_dir, inputs)):
        return facts
    check_webdataset()
    state = PackingState(out_dir, inputs, options.overwrite)
    bar = progress_bar('Packing', len(files), state.position, options.progress)
    with bar as advance:
        _write_shards(files, state, options, advance)
    if not state.shards:
        raise DataError(f'{manifest}: none of its {len(files)} files can be read.')
    facts = write_folder(out_dir, files, state)
    state.close()
    return facts


def _complete(out_dir: Path, inputs: dict) -> dict | None:
    """Return the facts of shards that need not be packed again."""
    if (out_dir / layout.UNFINISHED).is_dir() or not (out_dir / layout.FACTS).is_file():
        return None
    facts = layout.read_facts(out_dir)
    return facts if facts['inputs'] == inputs else None


def _write_shards(
    files: PackingList, state: PackingState, options: PackOptions, advance: Callable[[], None]
) -> None:
    shard, missing = None, []
    try:
        for number in range(state.position, len(files)):
            sample = _read(files, number, missing, options.skip_missing)
            if sample is not None:
                if shard is not None and options.is_full(shard, sample):
                    state.finish_shard(shard, number, missing)
                    shard, missing = None, []
                shard = shard or state.begin_shard()
                shard.add(sample)
            advance()
        if shard is not None:
            state.finish_shard(shard, len(files), missing)
    except BaseException:
        if shard is not None:
            shard.abandon()
        raise


def _read(
    files: PackingList, number: int, missing: list[list], skip_missing: bool
) -> PackedSample | None:
    try:
        return files.read(number)
    except DataError as error:
        if not skip_missing:
            raise DataError(
                f'{error} With --skip-missing, such files are left out and listed.'
            ) from error
        missing.append([number, files.path(number), str(error)])
        return None
