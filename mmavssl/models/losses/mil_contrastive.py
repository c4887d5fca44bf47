"""EZ-VSL's multiple-instance contrastive loss."""

import torch
from torch import Tensor, nn

from mmavssl.models.losses.av_contrastive import diagonal_nce
from mmavssl.registry import LOSSES


@LOSSES.register_module()
class MILContrastiveLoss(nn.Module):
    """Multiple-instance contrastive loss (EZ-VSL; Mo and Morgado, ECCV 2022).

    The best location of a frame must match its own sound better than other sounds, and a sound
    its own frame better than other frames. The sum of both directions, over the local batch.

    Losses of localizers give named `terms` and their `total`; `forward` does both.

    Args:
        temperature: divides the cosine similarities, positive.

    Raises:
        ValueError: ``temperature`` is not positive.
    """

    def __init__(self, temperature: float = 0.03) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f'Expected `temperature` to be positive, but got {temperature!r}.')
        self.temperature = temperature

    def terms(self, image_feat: Tensor, audio_feat: Tensor) -> dict[str, Tensor]:
        """Return the named terms; arguments as in `forward`."""
        maps = similarity_maps(image_feat, audio_feat, self.temperature)
        return {'contrast': mil_contrast(maps)}

    def total(self, terms: dict[str, Tensor], epoch: int | None = None) -> Tensor:
        """Return what is minimized in an epoch (from 0; None: after any warm-up)."""
        return terms['contrast']

    def forward(self, image_feat: Tensor, audio_feat: Tensor, epoch: int | None = None) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            image_feat: (B, C, h, w), unit vectors along C.
            audio_feat: (B, C), unit vectors of the same clips in the same order.
            epoch: from 0; None: after any warm-up.
        """
        return self.total(self.terms(image_feat, audio_feat), epoch)


def similarity_maps(image_feat: Tensor, audio_feat: Tensor, temperature: float) -> Tensor:
    """Return the similarity of every location with every sound, (B images, B sounds, h, w).

    Args:
        image_feat: (B, C, h, w).
        audio_feat: (B, C).
        temperature: divides the products.
    """
    with torch.autocast(image_feat.device.type, enabled=False):
        products = torch.einsum('nchw,mc->nmhw', image_feat.float(), audio_feat.float())
        return products / temperature


def mil_contrast(maps: Tensor) -> Tensor:
    """Return the contrastive loss of the maps' peaks: image to sound plus sound to image.

    Args:
        maps: (B, B, h, w) from `similarity_maps`; pairs on the diagonal belong together.

    >>> mil_contrast(torch.zeros(2, 2, 1, 1))  # two pairs, no preference: 2 ln 2
    tensor(1.3863)
    """
    peaks = maps.amax(dim=(2, 3))
    return diagonal_nce(peaks) + diagonal_nce(peaks.T)
