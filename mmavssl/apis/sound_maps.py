"""Localization maps of whole videos, by the localizer that a model was trained with."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmavssl.apis.frame_maps import FrameMaps
from mmavssl.apis.inference_inputs import ClipInput, OpenInput, open_input
from mmavssl.apis.localizer_weights import give_weights
from mmavssl.apis.model_front import LOCALIZER_KEY, missing_weights
from mmavssl.apis.whole_videos import whole_video_pipeline
from mmavssl.datasets.transforms.sampling import part_of_file
from mmavssl.registry import LOCALIZERS, TRANSFORMS
from mmavssl.structures.audio_front_end import SAMPLE_RATE
from mmavssl.utils.errors import ConfigError

MAPS_PER_SECOND = 8
MAX_MAPS = 128
MAX_BYTES = 2**29  # of the frames that the maps of a video are of
AT_A_TIME = 32  # maps
MAP_SIZE = 28
SHORT_SIDE = 224
#: Localizers that look up what belongs to the clips of a data set.
LOOKED_UP = ('sound_map', 'boxes')


class SoundMaps:
    """Maps of frames evenly over a video, each with the sound around it.

    Args:
        localizer: with its weights.
        steps: of the test pipeline, which say what is heard, and of frames of which size.
        device: of the localizer.

    Raises:
        ConfigError: a localizer that needs more than pictures and sound.
    """

    def __init__(
        self, localizer: nn.Module, steps: Sequence[Mapping[str, Any]], device: str = 'cpu'
    ) -> None:
        self.steps = list(steps)
        scales = [step.get('scale') for step in steps]
        self.short_side = next((s for s in scales if isinstance(s, int)), SHORT_SIDE)
        self.maps_of = FrameMaps(localizer, MAP_SIZE, device)

    def __call__(self, results: dict) -> tuple[np.ndarray, np.ndarray]:
        """Return maps (K, h, w) and the seconds (K,) of their frames from the first one on.

        A map is constant where there is nothing to see or to hear.

        Args:
            results: of the transform that opens the file, with its sound.

        Raises:
            ConfigError: the pipeline does not give what the localizer hears.
            DataError: the file cannot be read.
        """
        video = results['video_file']
        height, width = video.frames(np.array([0])).shape[1:3]
        begin, end = part_of_file(results, video.clock)
        count = ceil((end - begin) * MAPS_PER_SECOND)
        count = max(min(count, MAX_MAPS, MAX_BYTES // (height * width * 3)), 1)
        results = dict(results)
        for step in whole_video_pipeline(self.steps, count, self.short_side)[1:]:
            if step['type'] == 'SampleClip':
                step.update(frame_interval=1, target_fps=None)  # up to the last frame
            results = TRANSFORMS.build(step)(results)
        names = ('imgs', 'audio', 'spectrogram', 'waveform')
        clip = {name: torch.as_tensor(results[name]) for name in names if name in results}
        maps = [
            self.maps_of({name: value[first:][:AT_A_TIME] for name, value in clip.items()})
            for first in range(0, count, AT_A_TIME)
        ]
        return np.concatenate(maps), video.clock.times[results['frame_inds'][:, 0]]


def try_on_noise(maps_of: SoundMaps, opener: OpenInput) -> None:
    """Localize a moment of noise, to find out whether videos can be, before there is one.

    Args:
        maps_of: to try; a localizer that shows the same map for all noise passes.
        opener: of the videos.

    Raises:
        ConfigError: the localizer compares frames, or the pipeline does not give what it hears.
    """
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (4, 64, 64, 3), np.uint8)
    sound = rng.normal(0, 0.1, SAMPLE_RATE // 4).astype(np.float32)
    arrays = {'video': frames, 'fps': 16, 'audio': sound, 'sample_rate': SAMPLE_RATE}
    maps_of(open_input(opener, ClipInput('noise', arrays)))


def trained_localizer(cfg: Config, saved: Mapping[str, Tensor]) -> nn.Module:
    """Build the localizer of a config's masker with its weights.

    Args:
        cfg: of the model.
        saved: the localizer's tensors in the model's checkpoint, if they were kept there;
            otherwise its ``init_cfg`` names their file.

    Raises:
        ConfigError: there is none, or its weights are not at hand.
    """
    masker = (cfg.model.get('mixer') or {}).get('masker') or {}
    localizer_cfg = masker.get('localizer')
    if not isinstance(localizer_cfg, Mapping):
        raise ConfigError(
            f'No map can be drawn: the config has no `{LOCALIZER_KEY}`. Leave `localize` '
            '(--localize) out, or predict with a model that has one.'
        )
    missing = None if saved else missing_weights(masker)
    if missing:
        command = (cfg.get('prepare_commands') or {}).get('localizer')
        raise ConfigError(
            f'No map can be drawn: the weights of the localizer, {missing} '
            f'(`{LOCALIZER_KEY}.init_cfg.checkpoint`), do not exist in {Path.cwd()}. Go to the '
            'folder of the training run, or set that key to where they are (predict: '
            '--cfg-options).' + (f' To make them: {command}' if command else '')
        )
    localizer = LOCALIZERS.build(dict(localizer_cfg))
    if getattr(localizer, 'audio_input', None) in LOOKED_UP:
        raise ConfigError(
            f'No map can be drawn: {type(localizer).__name__} (`{LOCALIZER_KEY}`) looks up what '
            'was made for the clips of a data set. Name a localizer that sees and hears.'
        )
    give_weights(localizer, saved)
    return localizer.eval()
