"""Blend two clips pixel by pixel."""

from torch import Tensor

from mmavssl.models.mixers.base import BaseMixer, MixResult, convex_mix
from mmavssl.registry import MIXERS


@MIXERS.register_module()
class MixUp(BaseMixer):
    """MixUp of normalized frames and log-mels: ``λ x_1 + (1 - λ) x_2`` for both.

    Arguments as in `BaseMixer`.
    """

    def forward(
        self,
        video: Tensor,
        audio: Tensor | None,
        partner: Tensor,
        frames: Tensor | None = None,
        audio_clean: Tensor | None = None,
        others: Tensor | None = None,
    ) -> MixResult:
        """Mix every clip with its partner; arguments as in `BaseMixer.forward`."""
        ratio = self.draw_ratio(len(video), video.device)
        return MixResult(
            convex_mix(video, partner, ratio, others), convex_mix(audio, partner, ratio), ratio
        )
