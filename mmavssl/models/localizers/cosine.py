"""Two encoders in one space: the network of all localizers here."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.localizers.av_resnet import ResNet18Trunk
from mmavssl.models.localizers.weights import load_image_trunk, load_localizer
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.ranges import MAX_WIDTH, check_counts

AUDIO_INPUTS = ('logmel', 'spectrogram')
MAPS = ('cosine', 'affinity')
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
AFFINITY_TEMPERATURE = 0.03


@LOCALIZERS.register_module()
class CosineLocalizer(BaseModule):
    """Two ResNet-18s that embed frame locations and the sound in one space; the map is the cosine.

    As it stands it is the plain baseline, trained with `PooledContrastiveLoss`. `EZVSLLocalizer`
    and `FNACLocalizer` are the same network, trained otherwise. State-dict names are those of
    their official checkpoints.

    "Localizer" means sound source in the image here; in other libraries of this family it means
    temporal action detection.

    Args:
        audio_input: ``logmel`` (B, T_a, F), the log-mel of the audio encoder; or ``spectrogram``
            (B, bins, T), FNAC's log-spectrogram, on which the official weights were trained (add
            `LogSpectrogram` to the pipeline).
        out_dims: size C of the common space.
        num_stages: stages of both ResNets, 2, 3 or 4; the map has stride 8, 16 or 32.
        base_channels: width of the first stage, 64 in ResNet-18.
        image_dropout: share of the frame features dropped in training, in [0, 1); None: that of
            the method.
        map: ``cosine`` of each location with the sound, FNAC's own map (the reading of Eq. 11 and
            12 we follow); or ``affinity``, the cosines averaged over locations that look alike.
        pretrained_image: start the frame branch from ImageNet: True downloads torchvision's
            weights, a string is a file (or ``timm://`` name) in torchvision's layout. Ignored
            where ``init_cfg`` gives weights to everything.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)``: a checkpoint of FNAC or EZ-VSL, or
            of our `LocalizerTrainer`.

    Raises:
        ValueError: an argument out of its range.
    """

    #: Share of the frame features that the method drops in training.
    method_dropout: float = 0.0

    def __init__(
        self,
        audio_input: str = 'logmel',
        out_dims: int = 512,
        num_stages: int = 4,
        base_channels: int = 64,
        image_dropout: float | None = None,
        map: str = 'cosine',
        pretrained_image: bool | str = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        for name, value, choices in (
            ('audio_input', audio_input, AUDIO_INPUTS),
            ('map', map, MAPS),
        ):
            if value not in choices:
                raise ValueError(f'Expected `{name}` to be one of {choices}, but got {value!r}.')
        if image_dropout is None:
            image_dropout = self.method_dropout
        if not 0 <= image_dropout < 1:
            raise ValueError(f'Expected `image_dropout` in [0, 1), but got {image_dropout!r}.')
        check_counts(MAX_WIDTH, out_dims=out_dims, base_channels=base_channels)
        self.audio_input = audio_input
        self.map_kind = map
        self.pretrained_image = pretrained_image
        self.imgnet = ResNet18Trunk(3, num_stages, base_channels)
        self.audnet = ResNet18Trunk(1, num_stages, base_channels)
        self.dropout = nn.Dropout(image_dropout)
        self.img_proj = nn.Conv2d(self.imgnet.out_channels, out_dims, 1)
        self.aud_proj = nn.Linear(self.audnet.out_channels, out_dims)
        for name, values in (('mean', IMAGENET_MEAN), ('std', IMAGENET_STD)):
            # Not in the state dict, which has the official names and no others.
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self._init_as_fnac()

    def _init_as_fnac(self) -> None:
        nn.init.kaiming_normal_(self.img_proj.weight, mode='fan_out', nonlinearity='relu')
        nn.init.trunc_normal_(self.aud_proj.weight, std=0.01)
        for module in self.audnet.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, mean=1.0, std=0.02)

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` or ``pretrained_image`` name, if any.

        Raises:
            ConfigError: the file is missing or does not fit, or the download failed.
        """
        if not self.is_init:
            if self.init_cfg:
                load_localizer(self, self.init_cfg)
            elif self.pretrained_image:
                load_image_trunk(self.imgnet, self.pretrained_image)
        self.is_init = True

    def embed_frames(self, frames: Tensor) -> Tensor:
        """Return unit vectors (N, C, h, w) of the locations of frames (N, 3, H, W) in [0, 1]."""
        features = self.imgnet((frames - self.mean) / self.std)
        return F.normalize(self.img_proj(self.dropout(features)), dim=1)

    def embed_audio(self, audio: Tensor) -> Tensor:
        """Return unit vectors (B, C) of sounds (B, T_a, F) or (B, bins, T).

        Raises:
            ValueError: the sound is not three-dimensional.
        """
        if audio.dim() != 3:
            shape = '(B, T_a, F)' if self.audio_input == 'logmel' else '(B, bins, T)'
            raise ValueError(
                f'Expected `audio` to be {shape} for `audio_input`={self.audio_input!r}, but got '
                f'shape {tuple(audio.shape)}.'
            )
        if self.audio_input == 'logmel':
            audio = audio.transpose(1, 2)
        features = self.audnet(audio.unsqueeze(1)).amax(dim=(2, 3))
        return F.normalize(self.aud_proj(features), dim=1)

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the localization maps (B, T, h, w), cosines in [-1, 1].

        Args:
            frames: (B, T, 3, H, W) in [0, 1].
            audio: (B, T_a, F) or (B, bins, T), the sound of the whole clip; embedded once.
        """
        batch, num_frames = frames.shape[:2]
        visual = self.embed_frames(frames.flatten(0, 1)).unflatten(0, (batch, num_frames))
        maps = torch.einsum('btchw,bc->bthw', visual, self.embed_audio(audio))
        return maps if self.map_kind == 'cosine' else smooth_by_affinity(maps, visual)


def smooth_by_affinity(maps: Tensor, visual: Tensor) -> Tensor:
    """Average each frame's map over locations that look alike.

    The reading of Eq. 11 and 12 in which a visual attention map matters: ``softmax(V^T V / 0.03)``
    times the map.

    Args:
        maps: (B, T, h, w).
        visual: (B, T, C, h, w) unit vectors.
    """
    locations = visual.flatten(3)
    affinity = torch.einsum('btci,btcj->btij', locations, locations) / AFFINITY_TEMPERATURE
    smooth = affinity.softmax(dim=-1) @ maps.flatten(2).unsqueeze(-1)
    return smooth.view_as(maps)
