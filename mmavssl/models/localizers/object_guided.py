"""Object-guided localization."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.localizers.av_resnet import ResNet18Trunk
from mmavssl.models.localizers.check_maps import check_maps
from mmavssl.models.localizers.cosine import IMAGENET_MEAN, IMAGENET_STD
from mmavssl.models.localizers.weights import load_image_trunk, load_localizer
from mmavssl.models.maskers.map_weights import min_max_per_frame
from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class ObjectGuided(BaseModule):
    """Average another localizer's map with a map of objects (EZ-VSL, section 3.3).

    Objects are where an ImageNet ResNet-18 has large features: the mean over channels of their
    absolute values. Both maps are scaled to [0, 1] per frame first. EZ-VSL and FNAC report scores
    with and without it; the paper of ASL-Mix does not use it.

    Objects are never trained, and not in checkpoints: the state dict is the localizer's own, so
    that a checkpoint of one is a checkpoint of the other. Training trains the localizer alone.

    Args:
        localizer: config or module.
        alpha: weight of the localizer's map, in [0, 1]; objects have the rest (EZ-VSL: 0.4).
        object_weights: of the ResNet-18: True downloads torchvision's, a string is a file in
            torchvision's layout, False leaves it random. They are loaded before training, or with
            the first map.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)``, a checkpoint of the localizer; None:
            it has its own ``init_cfg``, or is loaded later.

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
        self.objects = ResNet18Trunk(3).requires_grad_(False).eval()
        self._objects_loaded = not object_weights
        for name, values in (('mean', IMAGENET_MEAN), ('std', IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.register_state_dict_post_hook(_name_as_the_localizer)

    def init_weights(self) -> None:
        """Load the weights of both parts.

        Raises:
            ConfigError: a file is missing or does not fit, or the download failed.
        """
        if not self.is_init:
            if self.init_cfg:
                load_localizer(self, self.init_cfg)
            elif hasattr(self.localizer, 'init_weights'):
                self.localizer.init_weights()
            self.load_objects()
        self.is_init = True

    def train(self, mode: bool = True) -> 'ObjectGuided':
        """Set the training mode of the localizer; the objects stay in eval mode."""
        super().train(mode)
        self.objects.eval()
        return self

    def load_objects(self) -> None:
        """Load the weights of the ResNet-18, once.

        Raises:
            ConfigError: the file is missing or does not fit, or the download failed.
        """
        if not self._objects_loaded:
            load_image_trunk(self.objects, self.object_weights, 'object_weights')
        self._objects_loaded = True

    @property
    def embed_frames(self) -> Callable[[Tensor], Tensor]:
        """That of the localizer, which `LocalizerTrainer` trains by it."""
        return self.localizer.embed_frames

    @property
    def embed_audio(self) -> Callable[[Tensor], Tensor]:
        """That of the localizer."""
        return self.localizer.embed_audio

    @torch.no_grad()
    def object_map(self, frames: Tensor) -> Tensor:
        """Return where objects are, (B, T, h, w), for frames (B, T, 3, H, W) in [0, 1].

        Raises:
            ConfigError: the weights cannot be loaded.
        """
        if not frames.is_meta:  # which only counts operations
            self.load_objects()
        features = self.objects((frames.flatten(0, 1) - self.mean) / self.std)
        return features.abs().mean(dim=1).unflatten(0, frames.shape[:2])

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the maps (B, T, h, w) in [0, 1]; arguments as those of the localizer."""
        maps = self.localizer(frames, audio)
        maps = check_maps(self.localizer, maps, frames.shape[:2], frames.device)
        sounds, _ = min_max_per_frame(maps)
        objects = self.object_map(frames)
        if objects.shape[-2:] != sounds.shape[-2:]:
            objects = F.interpolate(
                objects, sounds.shape[-2:], mode='bilinear', align_corners=False
            )
        objects, _ = min_max_per_frame(objects)
        return self.alpha * sounds + (1 - self.alpha) * objects

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: Any) -> None:
        """Load the localizer, whose tensors have its own names; the objects stay as they are."""
        for name in [name for name in state_dict if name.startswith(prefix)]:
            own = f'{prefix}localizer.{name.removeprefix(prefix)}'
            state_dict[own] = state_dict.pop(name)
        state_dict.update(self.objects.state_dict(prefix=f'{prefix}objects.'))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _name_as_the_localizer(_: ObjectGuided, state_dict: dict, prefix: str, __: dict) -> None:
    """Leave the tensors of the localizer in a state dict that was just collected, by its names."""
    own = f'{prefix}localizer.'
    for name in [name for name in state_dict if name.startswith(prefix)]:
        tensor = state_dict.pop(name)
        if name.startswith(own):
            state_dict[prefix + name.removeprefix(own)] = tensor
