"""Contrast of video and audio features."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES
from mmavssl.utils.distributed import gather_with_grad


@LOSSES.register_module()
class AVContrastiveLoss(nn.Module):
    """Visual-audio contrastive loss (Eq. 13-18).

    ``S = V A^T / temperature`` of L2-normalized features; image and sound of the same clip, the
    diagonal, are positives, all other pairs of the batch negatives. The loss is the mean of both
    directions, ``(L_va + L_av) / 2``.

    With several processes the features of all are gathered, with gradient, and every process
    returns the loss of the whole global batch: the same value everywhere, equal to that of one
    process with all clips. Averaging gradients over processes, as DDP does, then gives exactly
    that process's gradient. The number of clips must be the same in each process.

    Args:
        temperature: divides the cosine similarities, positive.

    Raises:
        ValueError: ``temperature`` is not positive.
    """

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f'Expected `temperature` to be positive, but got {temperature!r}.')
        self.temperature = temperature

    def forward(self, video_feat: Tensor, audio_feat: Tensor) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            video_feat: (N, D) features z_v of labeled, unlabeled and mixed clips (Eq. 13).
            audio_feat: (N, D) features z_a of the same clips, in the same order.

        Raises:
            ValueError: the shapes differ, as where the encoders have different widths.
        """
        if video_feat.shape != audio_feat.shape:
            raise ValueError(
                'Expected video and audio features of equal shape (N, D), but got '
                f'{tuple(video_feat.shape)} and {tuple(audio_feat.shape)}.'
            )
        with torch.autocast(video_feat.device.type, enabled=False):
            features = (full_precision(video_feat), full_precision(audio_feat))
            similarity = self.similarity(*map(gather_with_grad, features))
            return (diagonal_nce(similarity) + diagonal_nce(similarity.T)) / 2

    def similarity(self, video_feat: Tensor, audio_feat: Tensor) -> Tensor:
        """Return cosines over temperature (N, N), rows video, columns audio (Eq. 14, 15)."""
        video, audio = F.normalize(video_feat, dim=-1), F.normalize(audio_feat, dim=-1)
        return video @ audio.T / self.temperature


def diagonal_nce(similarity: Tensor) -> Tensor:
    """Return the cross-entropy of the rows of (N, N) with the diagonal as positives (Eq. 16)."""
    positives = torch.arange(len(similarity), device=similarity.device)
    return F.cross_entropy(similarity, positives)
