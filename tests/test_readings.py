"""Configs of the paper's other readings differ from their defaults in what they are about."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmavssl.registry import DATASETS
from mmavssl.structures.audio_front_end import AUDIOSET_MEAN, AUDIOSET_STD
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import CONVENTIONS, CostEstimator

FOLDER = Path(__file__).parents[1] / 'configs/asl_mix'
READINGS = ('fusion_token', 'map_affinity', 'audio_clip_length')
# Variables that only the config file itself uses, and the folder of the results.
NOT_READ = (
    'work_dir', 'weak_view', 'strong_view', 'labeled_pipeline', 'unlabeled_pipeline',
    'test_pipeline',
)  # fmt: skip
# Where sound is loaded, and where it becomes a log-mel, in the pipelines that runs use.
LOAD = (
    'train_dataloader.dataset.labeled.pipeline.1.weak.1',
    'train_dataloader.dataset.unlabeled.pipeline.1.weak.1',
    'train_dataloader.dataset.unlabeled.pipeline.1.strong.1',
    'val_dataloader.dataset.pipeline.2',
    'test_dataloader.dataset.pipeline.2',
)
LOGMEL = (
    'train_dataloader.dataset.labeled.pipeline.1.weak.4',
    'train_dataloader.dataset.unlabeled.pipeline.1.weak.4',
    'train_dataloader.dataset.unlabeled.pipeline.1.strong.5',
    'val_dataloader.dataset.pipeline.4',
    'test_dataloader.dataset.pipeline.4',
)


def leaves(value: Any, path: str = '') -> Iterator[tuple[str, Any]]:
    """Yield each value of a config that is no container, under its dotted path."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        here = f'{path}.{key}' if path else str(key)
        if isinstance(child, (dict, list, tuple)) and child:
            yield from leaves(child, here)
        else:
            yield here, child


def differences(default: str, reading: str) -> dict[str, tuple[Any, Any]]:
    """Return ``{path: (default, reading)}`` of what differs between two configs."""
    one, other = (
        dict(leaves(load_config(str(FOLDER / name)).to_dict()))
        for name in (f'{default}.py', f'readings/{default}_{reading}.py')
    )
    keys = [key for key in {*one, *other} if key.split('.')[0] not in NOT_READ]
    pairs = {key: (one.get(key), other.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize('default', ['ucf51_1shot', 'avsprites_2shot'])
def test_fusion_and_map_change_one_argument(default):
    fusion = {'model.student.fusion.mode': ('concat', 'token')}
    assert differences(default, 'fusion_token') == fusion
    affinity = {'model.mixer.masker.localizer.map': (None, 'affinity')}
    assert differences(default, 'map_affinity') == affinity


def test_audio_window_of_the_clip_and_a_longer_one():
    ucf51 = differences('ucf51_1shot', 'audio_clip_length')
    assert ucf51 == {f'{path}.audio_seconds': (2.56, None) for path in LOAD}
    avsprites = differences('avsprites_2shot', 'audio_long_window')
    assert avsprites == {
        **{f'{path}.audio_seconds': (1.93, 2.4) for path in LOAD},
        **{f'{path}.target_frames': (192, 240) for path in LOGMEL},
        'model.student.audio_backbone.num_frames': (192, 240),
        'input_size.audio_frames': (192, 240),
    }


@pytest.mark.parametrize(
    ('config', 'heard'),
    [
        ('ucf51_1shot', 254),
        ('readings/ucf51_1shot_audio_clip_length', 211),
        ('avsprites_2shot', 191),
        ('readings/avsprites_2shot_audio_long_window', 238),
    ],
)
def test_frames_of_the_log_mel_that_are_heard(config, heard, avsprites_root):
    """The sound of the clip leaves 45 of 256 frames to zeros; the other windows leave 1 or 2."""
    cfg = load_config(str(FOLDER / f'{config}.py'))
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'data_root': str(avsprites_root)})
    logmels = dataset[0]['inputs']['audio']
    assert logmels.shape[1:] == (cfg.input_size.audio_frames, cfg.input_size.num_mel_bins)
    padded = (logmels == -AUDIOSET_MEAN / (2 * AUDIOSET_STD)).all(dim=2)
    assert padded.any(dim=0).tolist() == padded.all(dim=0).tolist()
    assert padded[0].tolist() == [False] * heard + [True] * (logmels.shape[1] - heard)


def test_costs_of_the_readings():
    names = ('ucf51_1shot', *(f'readings/ucf51_1shot_{name}' for name in READINGS))
    configs = [load_config(str(FOLDER / f'{name}.py')) for name in names]
    paper, full = (CostEstimator(convention) for convention in CONVENTIONS)
    default, token, affinity, window = (paper.cost(cfg) for cfg in configs)
    layer = 4 * 768 * 769 + 2 * 768 * 2048 + 2048 + 768 + 4 * 768
    assert token.params_total - (default.params_total - 47_233_536) == 3 * layer
    # Two tokens of half the width: as many multiply-adds in what the paper's count sees.
    assert token.gmacs_iteration == pytest.approx(default.gmacs_iteration)
    assert affinity == window == default
    default, token, affinity, window = (full.cost(cfg) for cfg in configs)
    assert token.forward['fusion'] == 3 * 2 * (4 * 768**2 + 2 * 768 * 2048 + 2 * 2 * 768)
    products = 8 * (512 + 1) * 49**2  # of 7 x 7 locations with each other, then with the map
    assert affinity.iteration['localizer'] - default.iteration['localizer'] == products
    assert window == default
