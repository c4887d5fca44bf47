"""Data set of video files with sound, from a list."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmavssl.datasets.bad_samples import BadSamples, begin_report
from mmavssl.datasets.clip_infos import ClipInfos
from mmavssl.datasets.clip_log import ClipLog
from mmavssl.datasets.manifest import read_classes
from mmavssl.datasets.open_lists import open_manifest
from mmavssl.registry import DATASETS, TRANSFORMS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import isolated_rng, stable_seed
from mmavssl.utils.ranges import check_range

SOURCES = ('labeled', 'unlabeled', 'test')


@DATASETS.register_module()
class AVDataset(BaseDataset):
    """Clips of a list, each through a pipeline of transforms.

    All random numbers of a draw follow from ``(seed, epoch, repeat, source, sample_idx)``: the
    result depends neither on the number of workers nor on what was drawn before. The hidden label
    of an unlabeled clip, where the list has one, is only in ``gt_for_log``.

    A transform that returns None skips the clip by its policy (``OpenAVFile(audio='skip')``), and
    a `DataError` tells that it cannot be used: another one, which follows from the draw as well,
    takes its place, and the log names the file and the number of such clips so far, once per clip
    (see `ClipLog`); so it does with files that are damaged in part. More clips that cannot be used
    than ``max_bad_samples`` are an error, and so is any other fault; both name the file.

    The list is a `ClipTable`, which workers share whatever ``serialize_data`` says, and
    ``data_list`` is a view of it (`ClipInfos`). A subclass whose ``load_data_list`` returns a list
    of dicts is served by `BaseDataset` as ever.

    Args:
        ann_file: manifest or text list, relative to ``data_root``.
        classes_file: class names, relative to ``data_root``.
        data_root: folder of the data set.
        pipeline: configs of transforms.
        source: ``labeled``, ``unlabeled`` or ``test``.
        test_mode: a clip that is skipped or cannot be used is an error: none may be missing.
        seed: of all random numbers, at least 0.
        prepare_command: what to run if a file is missing, for the error message.
        max_refetch: how many clips in a row are replaced before it is an error.
        max_bad_samples: how many clips of the list may be such that they cannot be used: a number
            (int), or a share, rounded down (float). A small list may have none by default.
        data_prefix: ``dict(video=...)``, where the files are, if not in ``data_root``: a folder,
            or the URI of a storage (see `OpenAVFile`).
        kwargs: of `BaseDataset`: ``lazy_init``, ``serialize_data``, ``indices``, ``metainfo``.

    Raises:
        ConfigError: unknown ``source``.
        ValueError: a number out of its range.
        DataError: missing folder or list, labels missing in a labeled list.
    """

    def __init__(
        self,
        ann_file: str = '',
        classes_file: str = 'classes.txt',
        data_root: str = '',
        pipeline: Sequence[dict | Callable] = (),
        source: str = 'labeled',
        test_mode: bool = False,
        seed: int = 0,
        prepare_command: str = '',
        max_refetch: int = 100,
        max_bad_samples: int | float = 0.001,
        data_prefix: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if source not in SOURCES:
            raise ConfigError(f'Expected `source` to be one of {SOURCES}, but got {source!r}.')
        check_range('seed', seed, 0)
        check_range('max_refetch', max_refetch, 0)
        self.source = source
        self.seed = seed
        self.prepare_command = prepare_command
        self.max_bad_samples = max_bad_samples
        if data_root and not Path(data_root).is_dir():
            raise self._missing(data_root, 'data_root')
        classes_path = Path(data_root, classes_file)
        if not classes_path.is_file():
            raise self._missing(classes_path, 'classes_file')
        metainfo = {**(kwargs.pop('metainfo', None) or {}), 'classes': read_classes(classes_path)}
        super().__init__(
            ann_file=ann_file,
            metainfo=metainfo,
            data_root=data_root,
            pipeline=[TRANSFORMS.build(transform) for transform in pipeline],
            test_mode=test_mode,
            max_refetch=max_refetch,
            data_prefix={'video': '', **(data_prefix or {})},
            **kwargs,
        )

    def load_data_list(self) -> ClipInfos:
        """Read the list.

        Raises:
            DataError: no list, a fault in it, or a labeled or test clip without label.
        """
        if not Path(self.ann_file or '.').is_file():
            raise self._missing(self.ann_file, 'ann_file')
        table = open_manifest(self.ann_file, self._classes)
        if self.source != 'unlabeled' and table.labels.min() < 0:
            entry = table[int(np.argmax(table.labels < 0))]
            raise DataError(
                f'{self.ann_file}:{entry.line}: {entry.path} has no label, but the list is used '
                f'as {self.source}. Label it, or use it as unlabeled.'
            )
        self.serialize_data = False  # to bytes that workers share: the table is such already
        return ClipInfos(table, self.data_prefix['video'], self.source)

    def full_init(self) -> None:
        """Load the list, if that is still to be done."""
        if not self._fully_initialized:
            super().full_init()
            self._begin_logs()

    def get_subset_(self, indices: int | Sequence[int] | np.ndarray) -> None:
        """Keep some of the clips; an array of millions of indices stays one."""
        super().get_subset_(indices)
        self._begin_logs()

    def get_subset(self, indices: int | Sequence[int] | np.ndarray) -> 'AVDataset':
        """Return a data set of some of the clips, which shares the list with this one."""
        subset = super().get_subset(indices)
        subset._begin_logs()
        return subset

    def _copy_without_annotation(self, memo: dict | None = None) -> 'AVDataset':
        # The memo of MMEngine is the same for all calls: in time it takes an object for another
        # one that is gone, as their ids are equal.
        return super()._copy_without_annotation({} if memo is None else memo)

    @property
    def _classes(self) -> tuple[str, ...]:
        return self._metainfo['classes']

    def _missing(self, path: str | Path, key: str) -> DataError:
        remedy = 'Correct the path, or prepare the data.'
        if self.prepare_command:
            remedy = f'Correct it, or prepare the data: {self.prepare_command}'
        kind = 'folder' if key == 'data_root' else 'file'
        return DataError(
            f'The {kind} {str(path)!r}, `{key}` of the {self.source} data set, does not exist. '
            f'{remedy}'
        )

    def _begin_logs(self) -> None:
        self.skipped, self.damaged = ClipLog(len(self)), ClipLog(len(self))
        self.bad = BadSamples(len(self), self.max_bad_samples, self.source)

    def report_bad_samples(self, path: Path, keep: bool = False) -> None:
        """List the clips that cannot be used in a CSV file.

        Args:
            path: of the file.
            keep: whether its rows stay, if it exists.
        """
        self.full_init()
        begin_report(path, keep)
        self.bad.report = path

    def _get_unserialized_subset(
        self, indices: int | Sequence[int] | np.ndarray
    ) -> Sequence[dict]:
        # `BaseDataset` would make a list of dicts of those that are no int.
        if isinstance(self.data_list, ClipInfos) and isinstance(indices, Sequence | np.ndarray):
            return self.data_list.take(indices)
        return super()._get_unserialized_subset(indices)

    def __getitem__(self, draw: int | DrawIndex) -> dict:
        """Return one draw of a sample, as the pipeline makes it.

        Raises:
            IndexError: no such sample.
            DataError: the file cannot be used, and one more is too many, or too many clips in a
                row were skipped.
        """
        draw = draw if isinstance(draw, DrawIndex) else DrawIndex(int(draw))
        size = len(self)
        if not -size <= draw.index < size:
            raise IndexError(f'Expected an index below {size}, but got {draw.index!r}.')
        draw = draw._replace(index=draw.index % size)
        key = (self.seed, draw.epoch, draw.repeat, self.source, draw.index)
        sample = self._run_pipeline(draw.index, key)
        for attempt in range(1, self.max_refetch + 1):
            if sample is not None:
                return sample
            # The attempt is in the key: a stand-in is no copy of its own draw of this epoch.
            stand_in = (*key, 'refetch', attempt)
            sample = self._run_pipeline(stable_seed(*stand_in) % size, stand_in)
        if sample is None:
            raise DataError(
                f'{self.get_data_info(draw.index)["video_path"]} was skipped, and so were '
                f'{self.max_refetch} others drawn in its place (`max_refetch`). The log names '
                f'them. Take unusable clips out of {self.ann_file}.'
            )
        return sample

    def _run_pipeline(self, index: int, key: tuple[int | str, ...]) -> dict | None:
        info = self.get_data_info(index)
        path, audio_path = info['video_path'], info['audio_path']
        try:
            with isolated_rng(*key):
                sample = self.pipeline(info)
        except ConfigError:
            raise
        except DataError as error:
            named = any(name and name in str(error) for name in (path, audio_path))
            fault = f'{error}' if named else f'{path}: {error}'
            message = f'{fault.rstrip(".")}. It is listed in {self._place_of(index)}.'
            self._note_bad(index, path, DataError(message))
            return None
        except Exception as error:
            raise RuntimeError(
                f'The pipeline failed on {path} with {type(error).__name__}: {error}'
            ) from error
        self._note_damage(index, info)
        if sample is None:
            self._note_skip(index, path)
        return sample

    def _note_bad(self, index: int, path: str, error: DataError) -> None:
        if self.test_mode:
            raise error
        self.bad.add_error(index, path, error)

    def _place_of(self, index: int) -> str:
        if isinstance(self.data_list, ClipInfos):  # a derived data set may have another kind
            return f'{self.ann_file}:{self.data_list.line(index)}'
        return self.ann_file

    def _note_damage(self, index: int, info: dict) -> None:
        # `OpenAVFile` put the open files there.
        files = (info.get('video_file'), info.get('audio_file'))
        damaged = [
            f'{file.path} is damaged: {"; ".join(file.faults)}'
            for file in files
            if getattr(file, 'faults', None)
        ]
        if damaged:
            self.damaged.add(index, '. '.join(damaged))

    def _note_skip(self, index: int, path: str) -> None:
        if self.test_mode:
            raise DataError(
                f'{path} was skipped by the pipeline, but no test clip may be missing. Take it '
                f'out of {self.ann_file}, or choose another policy than skipping.'
            )
        self.skipped.add(
            index,
            f'{path} is skipped by the policy of its pipeline, and another clip takes its place',
        )
