"""Compute the localization maps of a config's unlabeled clips once."""

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config
from torch import nn
from torch.utils.data import DataLoader

from mmavssl.apis.frame_maps import FrameMaps, weights_digest
from mmavssl.apis.whole_videos import WholeVideos, whole_video_pipeline
from mmavssl.datasets.worker_init import av_worker_init_fn
from mmavssl.registry import DATASETS, LOCALIZERS
from mmavssl.structures.map_cache import MapCounts, key_of
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.progress import progress_bar
from mmavssl.utils.without_secrets import without_secrets
from mmavssl.utils.worker_sockets import check_worker_sockets


def precompute_maps(
    cfg: Config,
    folder: Path,
    num_maps: int = 16,
    map_size: int = 14,
    short_side: int = 224,
    num_workers: int = 2,
    device: str = 'cpu',
    progress: bool = False,
) -> Iterator[str | None]:
    """Fill a folder for `LoadSoundMap`, and yield once per video: what is wrong with it, or None.

    A video that cannot be used has no maps; training replaces it as well. Of a folder that is
    finished nothing is yielded, and nothing in it changes.

    Args:
        cfg: of a method whose masker has a localizer.
        folder: to fill; what was interrupted goes on where it stopped.
        num_maps: K, evenly over the length of each video.
        map_size: rows and columns of a map of the whole frame.
        short_side: of the frames that the localizer sees, in pixels.
        num_workers: processes that load.
        device: of the localizer.
        progress: show a bar.

    Raises:
        ConfigError: the config has no unlabeled clips, or no localizer of single frames; or
            ``num_workers`` cannot work here.
        DataError: the folder holds other maps, or none of its maps tells anything.
    """
    if num_workers:
        check_worker_sockets('num_workers')
    localizer = build_localizer(cfg)
    localize = FrameMaps(localizer, map_size, device)
    dataset_cfg = unlabeled_clips(cfg)
    pipeline = whole_video_pipeline(dataset_cfg['pipeline'], num_maps, short_side)
    clips = DATASETS.build({'source': 'unlabeled', **dataset_cfg, 'pipeline': []})
    root = str(dataset_cfg.get('data_root', ''))
    keys = [key_of(clips.get_data_info(row), root) for row in range(len(clips))]
    info = {
        'localizer': cfg.model.mixer.masker.localizer.to_dict(),
        'weights': weights_digest(localizer),
        'pipeline': without_secrets(pipeline),
        'num_maps': num_maps,
    }
    writer = MapCacheWriter(folder, keys, (num_maps, map_size, map_size), info)
    if writer.finished:
        return
    missing = writer.missing
    yield from [None] * (len(clips) - len(missing))
    loader = DataLoader(
        WholeVideos(clips, pipeline, missing),
        batch_size=None,
        num_workers=num_workers,
        worker_init_fn=av_worker_init_fn,
    )
    with progress_bar('Localizing', len(clips), len(clips) - len(missing), progress) as advance:
        for video in loader:
            if 'problem' not in video:
                maps = localize(video)
                writer.write(video['row'], maps, video['times'], video['frame_size'])
            advance()
            yield video.get('problem')
    check_use(writer.counts)
    writer.finish()


def check_use(counts: MapCounts) -> None:
    """Raise a DataError if no map tells anything."""
    if counts.constant == counts.maps:
        raise DataError(
            f'All {counts.maps} maps are constant, and {counts.unreadable} of {counts.videos} '
            'videos could not be read. Check whether the videos have sound, and the weights of '
            'the localizer; then delete the folder.'
        )


def build_localizer(cfg: Config) -> nn.Module:
    """Build the localizer of a config's masker, with its weights.

    Raises:
        ConfigError: there is none.
    """
    localizer_cfg = (cfg.model.get('mixer') or {}).get('masker', {}).get('localizer')
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
