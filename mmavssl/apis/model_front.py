"""What stands between the data and the networks: preprocessor and mixer, without the networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmavssl.models.data_preprocessors.build import build_preprocessor
from mmavssl.models.mixers.mix_view import mix_view
from mmavssl.registry import MIXERS
from mmavssl.utils.errors import ConfigError

LOCALIZER_KEY = 'model.mixer.masker.localizer'


class Mixed(NamedTuple):
    """Mixed clips, as `MixResult`, with frames to look at.

    Attributes:
        pictures: uint8 (B, T, H, W, 3).
        partner: (B,) long, whom each clip is mixed with.
        audio: (B, T_a, F), or None.
        ratio: (B,) share of the first clip.
        mask: bool (B, T, h * w), or None.
        heatmap: (B, T, h, w), or None.
    """

    pictures: Tensor
    partner: Tensor
    audio: Tensor | None
    ratio: Tensor
    mask: Tensor | None
    heatmap: Tensor | None


class ModelFront:
    """The data preprocessor and the mixer of a config's model.

    Args:
        cfg: the whole config.

    Raises:
        ConfigError: a preprocessor whose frames cannot be shown.
    """

    def __init__(self, cfg: Config) -> None:
        self.cfg = cfg
        #: Where what is shown differs from what the model would get.
        self.warnings: list[str] = []
        self.preprocessor = build_preprocessor(cfg.model.get('data_preprocessor'))
        if not hasattr(self.preprocessor, 'unnormalize'):
            raise ConfigError(
                f'`model.data_preprocessor` {type(self.preprocessor).__name__} has no '
                '`unnormalize`, which turns what the model gets back into pictures.'
            )

    def pictures(self, video: Tensor) -> Tensor:
        """Turn normalized frames (..., 3, T, H, W) into uint8 (..., T, H, W, 3)."""
        shown = (self.preprocessor.unnormalize(video) * 255).round().byte()
        return shown.movedim(-4, -1)

    @property
    def mixed_view(self) -> str:
        """Name of the view of unlabeled clips that the student sees and that is mixed."""
        return self.cfg.model.get('student_view', 'strong')

    def mix(self, view: Mapping[str, Tensor]) -> Mixed | None:
        """Mix every clip with the next one, the last with the first; None without a mixer.

        Args:
            view: preprocessed ``video`` (B, C, T, H, W) and what else it has, as in training.

        Raises:
            ConfigError: the pipeline does not give what the localizer hears, or its weights do
                not fit.
        """
        if not self.cfg.model.get('mixer'):
            return None
        mixer = self._build_mixer(dict(self.cfg.model.mixer))
        partner = torch.arange(len(view['video'])).roll(-1)
        drop_partner = self.cfg.model.get('drop_partner', True)
        mixed = mix_view(mixer, self.preprocessor, view, partner, drop_partner)
        return Mixed(self.pictures(mixed.video), partner, *mixed[1:])

    def _build_mixer(self, mixer_cfg: dict) -> nn.Module:
        masker_cfg = mixer_cfg.get('masker') or {}
        missing = missing_weights(masker_cfg)
        if missing:
            self._warn_of_missing(missing)
            per_batch = masker_cfg.get('per_batch', False)
            mixer_cfg['masker'] = {'type': 'TubeToken', 'per_batch': per_batch}
        mixer = MIXERS.build(mixer_cfg)
        localizer = getattr(getattr(mixer, 'masker', None), 'localizer', None)
        if hasattr(localizer, 'init_weights'):
            localizer.init_weights()
            if is_untrained(localizer):
                self.warnings.append(
                    f'`{LOCALIZER_KEY}` has no `init_cfg`: its weights are untrained, and so are '
                    'the maps and the masks shown.'
                )
        return mixer

    def _warn_of_missing(self, checkpoint: str) -> None:
        command = (self.cfg.get('prepare_commands') or {}).get('localizer')
        remedy = f' To make it: {command}' if command else ''
        self.warnings.append(
            f'The weights of the localizer, {checkpoint} (`{LOCALIZER_KEY}.init_cfg.checkpoint`), '
            f'do not exist: the masks shown are tube masks, not those of training.{remedy}'
        )


def missing_weights(masker_cfg: Mapping) -> str | None:
    """Return the file of weights that a masker's localizer needs, if it does not exist."""
    localizer = masker_cfg.get('localizer')
    while isinstance(localizer, Mapping):
        init_cfg = localizer.get('init_cfg')
        checkpoint = init_cfg.get('checkpoint') if isinstance(init_cfg, Mapping) else None
        if isinstance(checkpoint, str) and '://' not in checkpoint:
            return None if Path(checkpoint).expanduser().is_file() else checkpoint
        localizer = localizer.get('localizer')  # that it wraps
    return None


def is_untrained(localizer: nn.Module) -> bool:
    """Whether a localizer takes weights by an ``init_cfg`` and has none, nor one that it wraps.

    One without parameters, such as a control, has nothing to take.
    """
    inner = getattr(localizer, 'localizer', None)
    has_none = any(True for _ in localizer.parameters()) and not getattr(
        localizer, 'init_cfg', True
    )
    return has_none and (inner is None or is_untrained(inner))
