"""Compute the localization maps of a config's unlabeled clips once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader, Dataset

from mmavssl.datasets.worker_init import av_worker_init_fn
from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.registry import DATASETS, LOCALIZERS, TRANSFORMS
from mmavssl.structures.map_cache import MapCacheWriter
from mmavssl.utils.errors import ConfigError, DataError

HEARING = ('LoadAVClip', 'LogMel', 'LogSpectrogram')
VIEW = 'strong'


class WholeVideos(Dataset):
    """Videos of a list as K frames and the sound around each.

    Args:
        paths: of the videos.
        pipeline: of transforms.
        rows: of ``paths`` to read.
    """

    def __init__(self, paths: list[str], pipeline: list[dict], rows: np.ndarray) -> None:
        self.paths = paths
        self.rows = rows
        self.pipeline = [TRANSFORMS.build(transform) for transform in pipeline]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict:
        """Return what the localizer needs of a video, or the ``problem`` with it."""
        row = int(self.rows[index])
        try:
            return {'row': row, **self._read(row)}
        except DataError as error:
            return {'row': row, 'problem': str(error)}

    def _read(self, row: int) -> dict:
        results = {'video_path': self.paths[row], 'sample_idx': row, 'source': 'unlabeled'}
        for transform in self.pipeline:
            results = transform(results)
            if results is None:
                raise DataError(f'{self.paths[row]} is skipped, as it has no sound.')
        tensors = {
            name: torch.as_tensor(results[name])
            for name in ('imgs', 'audio', 'spectrogram', 'waveform')
            if name in results
        }
        shown = results['video_file'].clock.times[results['frame_inds'][:, 0]]
        return {'times': shown, 'frame_size': results['frame_size'], **tensors}


def precompute_maps(
    cfg: Config,
    folder: Path,
    num_maps: int = 16,
    map_size: int = 14,
    short_side: int = 224,
    num_workers: int = 2,
    device: str = 'cpu',
) -> Iterator[str | None]:
    """Fill a folder for `LoadSoundMap`, and yield once per video: what is wrong with it, or None.

    A video that cannot be used has no maps; training replaces it as well.

    Args:
        cfg: of a method whose masker has a localizer.
        folder: to fill; what was interrupted goes on where it stopped.
        num_maps: K, evenly over the length of each video.
        map_size: rows and columns of a map of the whole frame.
        short_side: of the frames that the localizer sees, in pixels.
        num_workers: processes that load.
        device: of the localizer.

    Raises:
        ConfigError: the config has no localizer, or no unlabeled clips.
        DataError: the folder holds other maps.
    """
    localizer = build_localizer(cfg).to(device).eval()
    dataset_cfg = unlabeled_clips(cfg)
    pipeline = whole_video_pipeline(dataset_cfg['pipeline'], num_maps, short_side)
    dataset = DATASETS.build({**dataset_cfg, 'pipeline': []})
    paths = [dataset.get_data_info(row)['video_path'] for row in range(len(dataset))]
    info = {
        'localizer': cfg.model.mixer.masker.localizer.to_dict(),
        'pipeline': pipeline,
        'num_maps': num_maps,
    }
    root = str(dataset_cfg.get('data_root', ''))
    writer = MapCacheWriter(folder, paths, root, (num_maps, map_size, map_size), info)
    missing = writer.missing
    yield from [None] * (len(paths) - len(missing))
    loader = DataLoader(
        WholeVideos(paths, pipeline, missing),
        batch_size=None,
        num_workers=num_workers,
        worker_init_fn=av_worker_init_fn,
    )
    for video in loader:
        if 'problem' not in video:
            maps = localize(localizer, video, map_size, device)
            writer.write(video['row'], maps, video['times'], video['frame_size'])
        yield video.get('problem')
    writer.finish()


@torch.no_grad()
def localize(localizer: nn.Module, video: dict, map_size: int, device: str) -> np.ndarray:
    """Return the maps (K, map_size, map_size) of the frames of a video, each with its sound."""
    frames = video['imgs'].to(device).permute(0, 3, 1, 2).float()[:, None] / 255
    sound = localizer_audio(video, getattr(localizer, 'audio_input', 'logmel')).to(device)
    maps = localizer(frames, sound)
    maps = F.interpolate(maps, (map_size, map_size), mode='bilinear', align_corners=False)
    return maps[:, 0].cpu().numpy()


def build_localizer(cfg: Config) -> nn.Module:
    """Build the localizer of a config's masker, with its weights.

    Raises:
        ConfigError: there is none.
    """
    localizer_cfg = cfg.model.get('mixer', {}).get('masker', {}).get('localizer')
    if localizer_cfg is None:
        raise ConfigError(
            f'{cfg.filename} has no `model.mixer.masker.localizer`, whose maps could be computed.'
        )
    localizer = LOCALIZERS.build(localizer_cfg.to_dict())
    if hasattr(localizer, 'init_weights'):
        localizer.init_weights()
    return localizer


def unlabeled_clips(cfg: Config) -> dict:
    """Return the config of the unlabeled clips.

    Raises:
        ConfigError: there are none.
    """
    dataset = cfg.get('train_dataloader', {}).get('dataset', {}).get('unlabeled')
    if dataset is None:
        raise ConfigError(f'{cfg.filename} has no `train_dataloader.dataset.unlabeled`.')
    return dataset.to_dict()


def whole_video_pipeline(pipeline: list[dict], num_maps: int, short_side: int) -> list[dict]:
    """Return the transforms that show whole frames, and what the strong view hears of each.

    Args:
        pipeline: of the unlabeled clips.
        num_maps: frames of a video.
        short_side: of these frames.

    Raises:
        ConfigError: the pipeline does not load frames and sound as the shipped ones do.
    """
    strong, opened, sampled = [], None, None
    for step in pipeline:
        strong += step.get(VIEW, []) if step['type'] == 'MultiView' else [step]
    for step in strong:
        if step['type'] == 'OpenAVFile':
            opened = {key: value for key, value in step.items() if key != 'cache'}
        if step['type'] == 'SampleClip':
            sampled = {**step, 'clip_len': 1, 'num_clips': num_maps, 'mode': 'uniform'}
    hearing = [copy.deepcopy(step) for step in strong if step['type'] in HEARING]
    if opened is None or sampled is None or not hearing:
        raise ConfigError(
            'Expected OpenAVFile, SampleClip and LoadAVClip in the pipeline of the unlabeled '
            'clips, as in configs/_base_/pipelines.'
        )
    scale = dict(type='WholeFrame', short_side=short_side)
    return [opened, sampled, hearing[0], scale, *hearing[1:]]
