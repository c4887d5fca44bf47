"""What a mixer gives, and what all mixers share."""

from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmavssl.utils.ranges import check_range

#: Of the beta distribution: its deviation is less than a thousandth from there on.
MAX_SHAPE = 1e6


class MixResult(NamedTuple):
    """Mixed clips.

    Attributes:
        video: (B, C, T, H, W).
        audio: (B, T_a, F) log-mel, or None for video alone.
        ratio: (B,) share of the first clip; what mixed the audio and must mix the labels.
        mask: bool (B, T, h * w), tokens of the first clip, where the mixer works on tokens.
        heatmap: (B, T, h, w) in [0, 1], what guided the mask, where something did.
    """

    video: Tensor
    audio: Tensor | None
    ratio: Tensor
    mask: Tensor | None = None
    heatmap: Tensor | None = None


class BaseMixer(BaseModule):
    """Base of the mixers, which mix clip i with clip ``partner[i]`` of the same batch.

    The ratio λ ~ Beta(alpha, beta) is the share of the first clip. All numbers come from torch's
    global generator on the device of the video; nothing waits for that device.

    Args:
        alpha: first parameter of the beta distribution, positive.
        beta: second parameter, positive; the mean of λ is ``alpha / (alpha + beta)``.
        per_batch: draw once for the whole batch, as SVFormer's code does; by default every sample
            has its own draw.

    Raises:
        ValueError: ``alpha`` or ``beta`` is not positive, or so large that λ is a constant.
    """

    #: Whether `forward` needs ``frames`` and ``audio_clean``.
    needs_localization: bool = False
    #: What ``audio_clean`` is: ``logmel``, or the key of another entry of a view.
    audio_input: str = 'logmel'

    def __init__(self, alpha: float = 10.0, beta: float = 10.0, per_batch: bool = False) -> None:
        super().__init__()
        check_range('alpha', alpha, above=0, high=MAX_SHAPE)
        check_range('beta', beta, above=0, high=MAX_SHAPE)
        self.alpha = alpha
        self.beta = beta
        self.per_batch = per_batch

    def forward(
        self,
        video: Tensor,
        audio: Tensor | None,
        partner: Tensor,
        frames: Tensor | None = None,
        audio_clean: Tensor | None = None,
        others: Tensor | None = None,
    ) -> MixResult:
        """Mix every clip with its partner.

        Args:
            video: (B, C, T, H, W), normalized.
            audio: (B, T_a, F) log-mel, or None.
            partner: (B,) long, index of each clip's partner.
            frames: (B, T, 3, H, W) in [0, 1], the same clips; for localization only.
            audio_clean: sound without SpecAugment, as the localizer takes it, (B, T_a, F) for a
                log-mel; for localization only.
            others: (B, C, T, H, W), what partners are taken from; by default ``video``.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement `forward`.')

    def draw_ratio(self, batch: int, device: torch.device) -> Tensor:
        """Draw λ (B,), the same for all with ``per_batch``."""
        rows = 1 if self.per_batch else batch
        alpha = torch.full((rows,), float(self.alpha), device=device)
        beta = torch.full((rows,), float(self.beta), device=device)
        ratio = torch.distributions.Beta(alpha, beta, validate_args=False).sample()
        return ratio.expand(batch)


def convex_mix(
    values: Tensor | None, partner: Tensor, ratio: Tensor, others: Tensor | None = None
) -> Tensor | None:
    """Return ``ratio * values + (1 - ratio) * others[partner]`` (Eq. 6), or None for None.

    Args:
        values: (B, ...).
        partner: (B,) long.
        ratio: (B,) in [0, 1].
        others: (B, ...), by default ``values``.

    >>> convex_mix(torch.tensor([[0.0], [4.0]]), torch.tensor([1, 0]), torch.tensor([0.75, 0.75]))
    tensor([[1.],
            [3.]])
    """
    if values is None:
        return None
    weight = ratio.to(values.dtype).view(-1, *[1] * (values.dim() - 1))
    return weight * values + (1 - weight) * (values if others is None else others)[partner]
