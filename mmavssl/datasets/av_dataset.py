"""Data set of video files with sound, from a list."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from mmavssl.datasets.manifest import read_classes, read_manifest
from mmavssl.registry import DATASETS, TRANSFORMS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import DataError
from mmavssl.utils.random import isolated_rng

SOURCES = ('labeled', 'unlabeled', 'test')


@DATASETS.register_module()
class AVDataset(BaseDataset):
    """Clips of a list, each through a pipeline of transforms.

    All random numbers of a draw follow from ``(seed, epoch, repeat, source, sample_idx)``: the
    result depends neither on the number of workers nor on what was drawn before. The hidden label
    of an unlabeled clip, where the list has one, is only in ``gt_for_log``.

    A transform that returns None skips the clip by its policy (``OpenAVFile(audio='skip')``): the
    next clip of the list takes its place, and the log names the file. Any other fault is an error
    that names the file.

    Args:
        ann_file: manifest or text list, relative to ``data_root``.
        classes_file: class names, relative to ``data_root``.
        data_root: folder of the data set.
        pipeline: configs of transforms.
        source: ``labeled``, ``unlabeled`` or ``test``.
        test_mode: skipping is an error, as no test clip may be missing.
        seed: of all random numbers.
        prepare_command: what to run if the list is missing, for the error message.
        max_refetch: how many skipped clips in a row are replaced before it is an error.

    Raises:
        DataError: missing list, labels missing in a labeled list.
    """

    def __init__(
        self,
        ann_file: str = '',
        classes_file: str = 'classes.txt',
        data_root: str = '',
        pipeline: list[dict | Callable] | tuple = (),
        source: str = 'labeled',
        test_mode: bool = False,
        seed: int = 0,
        prepare_command: str = '',
        max_refetch: int = 100,
    ) -> None:
        if source not in SOURCES:
            raise ValueError(f'Expected `source` to be one of {SOURCES}, but got {source!r}.')
        self.source = source
        self.seed = seed
        self.classes_path = Path(data_root, classes_file)
        for path in (Path(data_root, ann_file), self.classes_path):
            if not path.is_file():
                remedy = f' Run: {prepare_command}' if prepare_command else ''
                raise DataError(f'{path} does not exist.{remedy}')
        self.skipped: set[str] = set()
        super().__init__(
            ann_file=ann_file,
            metainfo={'classes': read_classes(self.classes_path)},
            data_root=data_root,
            pipeline=[TRANSFORMS.build(transform) for transform in pipeline],
            test_mode=test_mode,
            max_refetch=max_refetch,
        )

    def load_data_list(self) -> list[dict]:
        """Read the list.

        Raises:
            DataError: a labeled or test clip without label.
        """
        entries = read_manifest(self.ann_file, self.metainfo['classes'])
        return [self._info(entry, line) for line, entry in enumerate(entries, start=2)]

    def _info(self, entry: Any, line: int) -> dict:
        root = Path(self.data_root or '')
        info = {
            'video_path': str(root / entry.path),
            'audio_path': str(root / entry.audio_path) if entry.audio_path else None,
            'start': entry.start,
            'end': entry.end,
            'source': self.source,
        }
        if self.source == 'unlabeled':
            info['gt_for_log'] = -1 if entry.label is None else entry.label
        elif entry.label is None:
            raise DataError(
                f'{self.ann_file}:{line}: {entry.path} has no label, but the list is used as '
                f'{self.source}. Label it, or use it as unlabeled.'
            )
        else:
            info['label'] = entry.label
        return info

    def __getitem__(self, draw: int | DrawIndex) -> dict:
        """Return one draw of a sample, as the pipeline makes it.

        Raises:
            DataError: the file cannot be used, or too many clips in a row were skipped.
        """
        draw = draw if isinstance(draw, DrawIndex) else DrawIndex(int(draw))
        for offset in range(self.max_refetch + 1):
            index = (draw.index + offset) % len(self)
            sample = self.prepare_draw(draw._replace(index=index))
            if sample is not None:
                return sample
            self._note_skip(index)
        raise DataError(
            f'{self.max_refetch + 1} clips in a row were skipped, from '
            f'{self.get_data_info(draw.index)["video_path"]} on. See the log, and check the list.'
        )

    def prepare_draw(self, draw: DrawIndex) -> dict | None:
        """Run the pipeline on a sample with the random numbers of this draw."""
        info = self.get_data_info(draw.index)
        with isolated_rng(self.seed, draw.epoch, draw.repeat, self.source, draw.index):
            return self.pipeline(info)

    def _note_skip(self, index: int) -> None:
        path = self.get_data_info(index)['video_path']
        if self.test_mode:
            raise DataError(f'{path} was skipped, but no test clip may be missing.')
        if path not in self.skipped:
            self.skipped.add(path)
            print_log(
                f'{path} is skipped by the policy of its pipeline ({len(self.skipped)} so far in '
                'this process).',
                logger='current',
                level=logging.WARNING,
            )
