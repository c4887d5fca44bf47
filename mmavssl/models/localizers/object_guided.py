"""Object-guided localization."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.localizers.av_resnet import ResNet18Trunk
from mmavssl.models.localizers.cosine import IMAGENET_MEAN, IMAGENET_STD
from mmavssl.models.localizers.weights import load_image_trunk
from mmavssl.models.maskers.map_weights import min_max_per_frame
from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class ObjectGuided(BaseModule):
    """Average another localizer's map with a map of objects (EZ-VSL, section 3.3).

    Objects are where an ImageNet ResNet-18 has large features: the mean over channels of their
    absolute values. Both maps are scaled to [0, 1] per frame first. EZ-VSL and FNAC report scores
    with and without it; the paper of ASL-Mix does not use it.

    Args:
        localizer: config or module.
        alpha: weight of the localizer's map, in [0, 1]; objects have the rest (EZ-VSL: 0.4).
        object_weights: of the ResNet-18: True downloads torchvision's, a string is a file in
            torchvision's layout, False leaves it random.
        init_cfg: not used; the parts have their own.

    Raises:
        ValueError: ``alpha`` out of range.
    """

    def __init__(
        self,
        localizer: dict | nn.Module,
        alpha: float = 0.4,
        object_weights: bool | str = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not 0 <= alpha <= 1:
            raise ValueError(f'Expected `alpha` to be in [0, 1], but got {alpha!r}.')
        self.localizer = LOCALIZERS.build(localizer)
        self.audio_input = getattr(self.localizer, 'audio_input', 'logmel')
        self.hears_sound = getattr(self.localizer, 'hears_sound', True)
        self.alpha = alpha
        self.object_weights = object_weights
        self.objects = ResNet18Trunk(3).requires_grad_(False)
        for name, values in (('mean', IMAGENET_MEAN), ('std', IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def init_weights(self) -> None:
        """Load the weights of both parts.

        Raises:
            ConfigError: a file is missing or does not fit, or the download failed.
        """
        if not self.is_init:
            if hasattr(self.localizer, 'init_weights'):
                self.localizer.init_weights()
            if self.object_weights:
                load_image_trunk(self.objects, self.object_weights)
        self.is_init = True

    @torch.no_grad()
    def object_map(self, frames: Tensor) -> Tensor:
        """Return where objects are, (B, T, h, w), for frames (B, T, 3, H, W) in [0, 1]."""
        features = self.objects((frames.flatten(0, 1) - self.mean) / self.std)
        return features.abs().mean(dim=1).unflatten(0, frames.shape[:2])

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the maps (B, T, h, w) in [0, 1]; arguments as those of the localizer."""
        sounds, _ = min_max_per_frame(self.localizer(frames, audio))
        objects = self.object_map(frames)
        if objects.shape[-2:] != sounds.shape[-2:]:
            objects = F.interpolate(
                objects, sounds.shape[-2:], mode='bilinear', align_corners=False
            )
        objects, _ = min_max_per_frame(objects)
        return self.alpha * sounds + (1 - self.alpha) * objects
