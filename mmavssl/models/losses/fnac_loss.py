"""FNAC's loss: contrast aware of false negatives."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmavssl.models.losses.mil_contrastive import (
    MILContrastiveLoss,
    mil_contrast,
    similarity_maps,
)
from mmavssl.registry import LOSSES
from mmavssl.utils.ranges import check_range

REGULARIZERS = ('fns1', 'tns', 'fns2')
SPAN_EPS = 1e-5


@LOSSES.register_module()
class FNACLoss(MILContrastiveLoss):
    """Localization loss of FNAC (Sun et al., CVPR 2023).

    EZ-VSL's contrast treats all other clips as negatives. Three mean absolute differences of
    softmax matrices over the batch correct it: ``fns1`` (false-negative suppression) pulls the
    image-sound matrix to the likeness of sounds, ``fns2`` to the likeness of images, and ``tns``
    (true-negative suppression) makes sounding regions as unlike as their sounds are. Gradients
    flow through both sides of each difference, as in FNAC's code.

    Args:
        weights: of ``fns1``, ``tns`` and ``fns2``.
        threshold: where a frame's own map, scaled to [0, 1], is larger, the region sounds.
        temperature: divides the similarities, positive.
        warmup_epochs: epochs of contrast alone.

    Raises:
        ValueError: not three weights, or a number out of its range.
    """

    def __init__(
        self,
        weights: Sequence[float] = (100.0, 100.0, 100.0),
        threshold: float = 0.6,
        temperature: float = 0.03,
        warmup_epochs: int = 5,
    ) -> None:
        super().__init__(temperature)
        if len(weights) != len(REGULARIZERS):
            raise ValueError(
                f'Expected `weights` to be one number for each of {REGULARIZERS}, but got '
                f'{weights!r}.'
            )
        for weight in weights:
            check_range('weights', weight, 0)
        check_range('threshold', threshold, 0, 1)
        check_range('warmup_epochs', warmup_epochs, 0)
        self.weights = dict(zip(REGULARIZERS, weights, strict=True))
        self.threshold = threshold
        self.warmup_epochs = warmup_epochs

    def terms(self, image_feat: Tensor, audio_feat: Tensor) -> dict[str, Tensor]:
        """Return ``contrast``, ``fns1``, ``tns`` and ``fns2``; arguments as in `forward`."""
        maps = similarity_maps(image_feat, audio_feat, self.temperature)
        with torch.autocast(image_feat.device.type, enabled=False):
            image_feat, audio_feat = image_feat.float(), audio_feat.float()
            sounds = self._likeness(audio_feat)
            images = self._likeness(image_feat.mean(dim=(2, 3)))
            regions = self._likeness(sounding_region(image_feat, maps, self.threshold))
            cross = maps.amax(dim=(2, 3)).softmax(dim=1)
            return {
                'contrast': mil_contrast(maps),
                'fns1': (sounds - cross).abs().mean(),
                'tns': (sounds - regions).abs().mean(),
                'fns2': (images - cross).abs().mean(),
            }

    def total(self, terms: dict[str, Tensor], epoch: int | None = None) -> Tensor:
        """Return the contrast and, after the warm-up, the weighted other terms."""
        if epoch is not None and epoch < self.warmup_epochs:
            return terms['contrast']
        return terms['contrast'] + sum(
            weight * terms[name] for name, weight in self.weights.items()
        )

    def _likeness(self, features: Tensor) -> Tensor:
        """Return the softmax over the batch of the products of features (B, C), (B, B)."""
        return (features @ features.T / self.temperature).softmax(dim=1)


def sounding_region(image_feat: Tensor, maps: Tensor, threshold: float) -> Tensor:
    """Sum the features where a frame's own map is high, and divide by the number of locations.

    Args:
        image_feat: (B, C, h, w).
        maps: (B, B, h, w) from `similarity_maps`.
        threshold: on the map scaled to [0, 1].

    Returns:
        (B, C), not normalized.
    """
    own = maps.diagonal().permute(2, 0, 1)
    low, high = own.amin(dim=(1, 2), keepdim=True), own.amax(dim=(1, 2), keepdim=True)
    sounding = (own - low) / (high - low + SPAN_EPS) > threshold
    return (image_feat * sounding.unsqueeze(1)).mean(dim=(2, 3))
