"""3D-ResNet-18 of LTG, over all frames of a clip at once."""

from collections import OrderedDict

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.backbones.weights import take_network
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.registry import BACKBONES
from mmavssl.utils.ranges import MAX_WIDTH, check_counts

NORM_EPS = 1e-3
NUM_STAGES = 4
BLOCKS_PER_STAGE = 2


def conv_norm(
    in_channels: int, out_channels: int, kernel: tuple[int, ...], stride: int | tuple[int, ...]
) -> nn.Sequential:
    """Return a 3-D convolution, padded to keep sizes at stride 1, and its BatchNorm.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        kernel: odd sides over T, H and W.
        stride: the same for all three, or one each.
    """
    padding = tuple(side // 2 for side in kernel)
    conv = nn.Conv3d(in_channels, out_channels, kernel, stride, padding, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm3d(out_channels, eps=NORM_EPS)))


class BasicBlock3d(nn.Module):
    """Two convolutions of 3x3x3 with a shortcut around them.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        stride: of the first convolution over T, H and W; its shortcut is a convolution where
            stride or width change.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv_norm(in_channels, out_channels, (3, 3, 3), stride)
        self.conv2 = conv_norm(out_channels, out_channels, (3, 3, 3), 1)
        changes = stride != 1 or in_channels != out_channels
        self.downsample = (
            conv_norm(in_channels, out_channels, (1, 1, 1), stride) if changes else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in_channels, t, h, w) to (B, out_channels, t', h', w')."""
        identity = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.conv1(x), inplace=True)
        return F.relu(self.conv2(x) + identity, inplace=True)


@BACKBONES.register_module()
class ResNet3d18(BaseModule):
    """3D-ResNet-18 of LTG (Xiao et al., CVPR 2022): 33.17 M parameters, 3x3x3 in all stages.

    It is not torchvision's ``r3d_18``: the stem also pools, the first stage is followed by a
    pooling of time by 2, and the time stride is 2 from the second stage on. Names of the state
    dict are those of MMAction2's ``ResNet3d``, whose variant it is. Convolutions start from He's
    normal distribution (fan out), norms from 1 and 0.

    LTG's norms are synchronized: ``sync_bn='torch'`` in the Runner's config does that.

    Args:
        base_channels: width of the stem and the first stage, which doubles from stage to stage
            (64; fewer for a small network).
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads a network of these names,
            strictly; ``prefix='backbone.'`` takes it out of a recognizer of MMAction2.

    Raises:
        ValueError: ``base_channels`` is not positive.
    """

    def __init__(self, base_channels: int = 64, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        check_counts(MAX_WIDTH, base_channels=base_channels)
        self.conv1 = conv_norm(3, base_channels, (3, 7, 7), (1, 2, 2))
        self.maxpool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        self.pool2 = nn.MaxPool3d((2, 1, 1))
        channels = base_channels
        for index in range(NUM_STAGES):
            out_channels = base_channels * 2**index
            stage = [BasicBlock3d(channels, out_channels, stride=min(index + 1, 2))]
            stage += [
                BasicBlock3d(out_channels, out_channels, 1) for _ in range(BLOCKS_PER_STAGE - 1)
            ]
            self.add_module(f'layer{index + 1}', nn.Sequential(*stage))
            channels = out_channels
        self.embed_dims = channels
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, take_network)
        self.is_init = True

    def stages(self, clip: Tensor) -> list[Tensor]:
        """Return what the four stages make of a clip, which LTG aligns between two networks.

        Args:
            clip: (B, 3, T, H, W) of at least 2 frames.

        Returns:
            Four tensors (B, C, t, h, w), the first one after its pooling of time; of 8 frames of
            224x224: (64, 4, 56, 56), (128, 2, 28, 28), (256, 1, 14, 14) and (512, 1, 7, 7).

        Raises:
            ValueError: one frame only.
        """
        if clip.shape[2] < 2:
            raise ValueError(
                'Expected at least 2 frames, because time is pooled by 2, but got a clip of '
                f'{tuple(clip.shape)}.'
            )
        x = self.maxpool(F.relu(self.conv1(clip), inplace=True))
        features = [self.pool2(self.layer1(x))]
        for stage in (self.layer2, self.layer3, self.layer4):
            features.append(stage(features[-1]))
        return features

    def forward(self, clip: Tensor) -> Tensor:
        """Return the feature (B, 8 * base_channels) of a clip (B, 3, T, H, W), its global mean."""
        return self.stages(clip)[-1].mean(dim=(2, 3, 4))
