"""Read one file as training does, and say what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmavssl.datasets.transforms import LoadAVClip, OpenAVFile, SampleClip
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import DataError
from mmavssl.utils.random import isolated_rng

CONFIG = Path(__file__).parents[2] / 'configs/asl_mix/avsprites_1shot.py'
BACKENDS = ('pyav', 'decord')
CLIPS, LENGTH, SECONDS = 3, 8, 1.0


class Reader:
    """Reads files by both backends: three clips of each, then by the pipelines of a config."""

    def __init__(self) -> None:
        dataset = Config.fromfile(CONFIG).train_dataloader.dataset
        self.pipelines = []
        for number, part in enumerate((dataset.labeled, dataset.unlabeled)):
            opening, *rest = part.to_dict()['pipeline']
            # One that decodes whole files and keeps them, and one that decodes what it needs.
            opening = {**opening, 'cache': number}
            self.pipelines.append(
                {
                    backend: [
                        TRANSFORMS.build({**cfg, 'backend': backend} if cfg is opening else cfg)
                        for cfg in (opening, *rest)
                    ]
                    for backend in BACKENDS
                }
            )

    def clips(self, files: dict[str, str], backend: str) -> dict[str, Any]:
        """Return pictures and sound of three clips from fixed places."""
        results = OpenAVFile(backend=backend)(dict(files))
        sampling = SampleClip(LENGTH, 4, CLIPS, 'uniform', target_fps=16)
        return LoadAVClip(SECONDS)(sampling(results))

    def run_pipelines(self, files: dict[str, str], backend: str) -> None:
        """Make a sample as training does, of labeled and of unlabeled clips."""
        for pipeline in self.pipelines:
            results: dict | None = {**files, 'sample_idx': 0, 'source': 'unlabeled'}
            try:
                with isolated_rng(0):
                    for transform in pipeline[backend]:
                        results = results and transform(results)
            finally:  # a worker of a run has one backend alone, and one cache
                pipeline[backend][0]._open_cached.cache_clear()

    def outcome(
        self, files: dict[str, str], damaged: str, right: dict[str, Any]
    ) -> dict[str, str | float]:
        """Return what each backend made of a file.

        Args:
            files: ``video_path`` and, where it is the sound that is damaged, ``audio_path``.
            damaged: path of the damaged one.
            right: what `clips` gives for the undamaged file.
        """
        found = {}
        for backend in BACKENDS:
            found[backend] = self._judge(files, damaged, right, backend)
        return found

    def _judge(
        self, files: dict[str, str], damaged: str, right: dict[str, Any], backend: str
    ) -> str:
        try:
            results = self.clips(files, backend)
            verdict = compare(results, right)
            self.run_pipelines(files, backend)
        except DataError as error:
            return 'named error' if names(error, damaged) else f'UNNAMED ERROR: {error}'
        except Exception as error:
            return f'UNNAMED ERROR: {type(error).__name__}: {error}'
        return verdict


def names(error: DataError, path: str) -> bool:
    """Return whether a message names a file and is one line."""
    return path in str(error) and '\n' not in str(error)


def compare(results: dict[str, Any], right: dict[str, Any]) -> str:
    """Return what kind of sample it is."""
    imgs, sound = results['imgs'], results['waveform']
    fits = imgs.ndim == 4 and imgs.shape[3] == 3 and len(imgs) == CLIPS * LENGTH
    fits = fits and sound.shape == right['waveform'].shape and bool(np.isfinite(sound).all())
    if not fits or imgs.dtype != np.uint8 or sound.dtype != np.float32:
        return f'MISFIT: pictures {imgs.shape} {imgs.dtype}, sound {sound.shape} {sound.dtype}'
    same = np.array_equal(imgs, right['imgs']) and np.array_equal(sound, right['waveform'])
    if same:
        return 'right'
    opened = (results['video_file'], results['audio_file'])
    is_noted = any(file is not None and file.faults for file in opened)
    return 'damage logged' if is_noted else 'changed'
