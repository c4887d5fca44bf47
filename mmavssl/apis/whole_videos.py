"""Whole frames of the clips of a list, each with the sound around it."""

import copy

import numpy as np
import torch
from torch.utils.data import Dataset

from mmavssl.apis.tested_data import is_step
from mmavssl.datasets import AVDataset
from mmavssl.datasets.transforms import (
    LoadAVClip,
    LogMel,
    LogSpectrogram,
    MultiView,
    OpenAVFile,
    SampleClip,
)
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError, DataError

VIEW = 'strong'
HEARING = (LoadAVClip, LogMel, LogSpectrogram)
NEEDED = (OpenAVFile, SampleClip, *HEARING)


class WholeVideos(Dataset):
    """Clips of a list as K frames and the sound around each.

    Args:
        clips: the list; its rows enter the pipeline as they do in training.
        pipeline: of transforms.
        rows: of ``clips`` to read.
    """

    def __init__(self, clips: AVDataset, pipeline: list[dict], rows: np.ndarray) -> None:
        self.clips = clips
        self.rows = rows
        self.pipeline = [TRANSFORMS.build(transform) for transform in pipeline]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict:
        """Return what the localizer needs of a clip, or the ``problem`` with it."""
        row = int(self.rows[index])
        try:
            return {'row': row, **self._read(self.clips.get_data_info(row))}
        except DataError as error:
            return {'row': row, 'problem': str(error)}

    def _read(self, results: dict) -> dict:
        path = results['video_path']
        for transform in self.pipeline:
            results = transform(results)
            if results is None:
                raise DataError(f'{path} is skipped, as it has no sound.')
        tensors = {
            name: torch.as_tensor(results[name])
            for name in ('imgs', 'audio', 'spectrogram', 'waveform')
            if name in results
        }
        shown = results['video_file'].clock.times[results['frame_inds'][:, 0]]
        return {'times': shown, 'frame_size': results['frame_size'], **tensors}


def whole_video_pipeline(pipeline: list[dict], num_maps: int, short_side: int) -> list[dict]:
    """Return the transforms that show whole frames, and what the strong view hears of each.

    Args:
        pipeline: of the unlabeled clips.
        num_maps: frames of a video.
        short_side: of these frames.

    Raises:
        ConfigError: the pipeline does not load frames and sound as the shipped ones do.
    """
    strong = []
    for step in pipeline:
        strong += step.get(VIEW, []) if is_step(step, MultiView) else [step]
    steps = {
        kind: copy.deepcopy(step) for step in strong for kind in NEEDED if is_step(step, kind)
    }
    if not {OpenAVFile, SampleClip, LoadAVClip} <= steps.keys():
        raise ConfigError(
            'Expected OpenAVFile, SampleClip and LoadAVClip in the pipeline of the unlabeled '
            'clips, as in configs/_base_/pipelines.'
        )
    opened, sampled = steps[OpenAVFile], steps[SampleClip]
    opened.pop('cache', None)  # each file is read once
    loading, *hearing = (steps[kind] for kind in HEARING if kind in steps)
    if loading.get('audio_seconds') is None:
        loading['audio_seconds'] = clip_seconds(sampled)
    sampled.update(clip_len=1, num_clips=num_maps, mode='uniform')
    return [opened, sampled, loading, dict(type='WholeFrame', short_side=short_side), *hearing]


def clip_seconds(step: dict) -> float:
    """Return how long the clips of a `SampleClip` are, which is what is heard with them.

    Raises:
        ConfigError: it depends on the file.
    """
    sampler = TRANSFORMS.build(step)
    if sampler.target_fps is None:
        raise ConfigError(
            'The length of the sound depends on the frame rate of each file '
            '(SampleClip(target_fps=None)). Set `audio_seconds` of LoadAVClip.'
        )
    return sampler.clip_len * sampler.frame_interval / sampler.target_fps
