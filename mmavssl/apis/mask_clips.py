"""Clips whose masks are drawn, and whom each is mixed with."""

from collections.abc import Sequence

import torch
from mmengine.config import Config

from mmavssl.apis.tested_data import first_test_data, one_view_pipeline
from mmavssl.datasets import AVDataset
from mmavssl.registry import DATASETS, TRANSFORMS
from mmavssl.utils.errors import DataError
from mmavssl.utils.progress import followed, progress_bar

# So many clips of the test list are tried.
MAX_TRIES = 100


def load_videos(cfg: Config, videos: Sequence[str]) -> list[dict]:
    """Run the pipeline of the test list on video files.

    Raises:
        DataError: a file cannot be used, or the pipeline skips it.
    """
    pipeline = one_view_pipeline(first_test_data(cfg)['pipeline'])
    transforms = [TRANSFORMS.build(transform) for transform in pipeline]
    loaded = []
    for index, video in enumerate(videos):
        results = {'video_path': video, 'source': 'test', 'sample_idx': index}
        for transform in transforms:
            results = transform(results)
            if results is None:
                raise DataError(
                    f"{video} has no sound, and OpenAVFile(audio='skip') in the test pipeline "
                    "skips such videos. Set audio='silence' there, or name another video."
                )
        loaded.append(results)
    return loaded


def open_test_list(cfg: Config) -> AVDataset:
    """Open the test list with one view of each clip.

    Raises:
        DataError: it is not there.
    """
    dataset = first_test_data(cfg)
    return DATASETS.build({**dataset, 'pipeline': one_view_pipeline(dataset['pipeline'])})


def load_test_clips(cfg: Config, count: int, progress: bool = False) -> list[dict]:
    """Run the pipeline on the first clips of the test list.

    Args:
        cfg: has the test list.
        count: of clips, at most.
        progress: show a bar.

    Raises:
        DataError: the list, or a file of it, cannot be used.
    """
    dataset = open_test_list(cfg)
    count = min(count, len(dataset))
    with progress_bar('Reading', count, shown=progress) as advance:
        return [dataset[index] for index in followed(range(count), advance)]


def find_partners(samples: Sequence[dict]) -> list[int | None]:
    """Return for each clip the next one that shows something else, the first after the last.

    Returns:
        Indices of ``samples``; None for all if they show the same.
    """
    partners = []
    for place, sample in enumerate(samples):
        others = [*range(place + 1, len(samples)), *range(place)]
        partners.append(next((i for i in others if differ(sample, samples[i])), None))
    return partners


def load_another(cfg: Config, sample: dict) -> dict | None:
    """Return a clip of the test list that shows something else, or None if none is on the disk."""
    try:
        dataset = open_test_list(cfg)
    except DataError:
        return None
    for index in range(min(MAX_TRIES, len(dataset))):
        try:
            other = dataset[index]
        except DataError:
            continue
        if differ(sample, other):
            return other
    return None


def differ(sample: dict, other: dict) -> bool:
    """Return whether two clips have other frames, be they copies of a file or not."""
    return not torch.equal(sample['inputs']['video'], other['inputs']['video'])
