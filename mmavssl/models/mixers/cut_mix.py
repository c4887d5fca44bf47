"""Paste a box of one clip into another."""

import torch
from torch import Tensor

from mmavssl.models.mixers.base import BaseMixer, MixResult, convex_mix
from mmavssl.registry import MIXERS


@MIXERS.register_module()
class CutMix(BaseMixer):
    """CutMix with one box per clip, the same in all frames.

    The box holds the partner's pixels. Its sides are ``sqrt(1 - λ)`` of the frame's, its centre is
    uniform in the frame and what sticks out is cut off, so the ratio of audio and labels is the
    share of pixels that remain the first clip's.

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
        height, width = video.shape[-2:]
        drawn = self.draw_ratio(len(video), video.device)
        in_rows = self.draw_span(drawn, height)
        in_columns = self.draw_span(drawn, width)
        box = in_rows[:, :, None] & in_columns[:, None, :]
        ratio = 1 - box.flatten(1).sum(dim=1) / (height * width)
        pasted = (video if others is None else others)[partner]
        mixed = torch.where(box[:, None, None], pasted, video)
        return MixResult(mixed, convex_mix(audio, partner, ratio), ratio)

    def draw_span(self, ratio: Tensor, length: int) -> Tensor:
        """Draw a side of each box: bool (B, length), True inside.

        Args:
            ratio: (B,) λ.
            length: pixels of the frame along that side.
        """
        rows = 1 if self.per_batch else len(ratio)
        side = ((1 - ratio).sqrt() * length).long()
        centre = torch.randint(length, (rows,), device=ratio.device)
        start = (centre - side // 2)[:, None]
        pixels = torch.arange(length, device=ratio.device)
        return (pixels >= start) & (pixels < start + side[:, None])
