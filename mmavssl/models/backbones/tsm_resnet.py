"""TSM-ResNet: an image ResNet whose frames exchange channels with their neighbours."""

import torch
import torch.nn.functional as F
from einops import rearrange
from mmengine.model import BaseModule
from torch import Tensor, nn
from torchvision.models import resnet18, resnet34, resnet50
from torchvision.models.resnet import BasicBlock, Bottleneck

from mmavssl.models.backbones.weights import take_network
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.registry import BACKBONES
from mmavssl.utils.ranges import check_range

RESNETS = {18: resnet18, 34: resnet34, 50: resnet50}
PLACES = ('block', 'residual')
#: Channels of the narrowest input of a block: a larger divisor would shift nothing there.
MAX_SHIFT_DIV = 64


def temporal_shift(x: Tensor, shift_div: int) -> Tensor:
    """Move some channels by one frame (Lin et al., TSM, 2019, section 3).

    Args:
        x: (B, T, C, H, W).
        shift_div: the first C // ``shift_div`` channels come from frame t + 1, as many after them
            from t - 1, the others stay; past the ends of the clip there are zeros.

    Returns:
        A tensor of the same shape.

    >>> temporal_shift(torch.arange(6.).view(1, 2, 3, 1, 1), 3).flatten().tolist()
    [3.0, 0.0, 2.0, 0.0, 1.0, 5.0]
    """
    num_channels = x.shape[2]
    fold = num_channels // shift_div
    from_next, from_previous, rest = x.split([fold, fold, num_channels - 2 * fold], dim=2)
    from_next = F.pad(from_next[:, 1:], (0, 0, 0, 0, 0, 0, 0, 1))
    from_previous = F.pad(from_previous[:, :-1], (0, 0, 0, 0, 0, 0, 1, 0))
    return torch.cat([from_next, from_previous, rest], dim=2)


def run_block(block: BasicBlock | Bottleneck, x: Tensor, identity: Tensor) -> Tensor:
    """Run a block of torchvision with separate inputs of its two paths.

    Args:
        block: the block.
        x: input (N, C, H, W) of the convolutions.
        identity: input (N, C, H, W) of the shortcut.
    """
    layers = [(block.conv1, block.bn1), (block.conv2, block.bn2)]
    if isinstance(block, Bottleneck):
        layers.append((block.conv3, block.bn3))
    *inner, (last_conv, last_norm) = layers
    for conv, norm in inner:
        x = block.relu(norm(conv(x)))
    if block.downsample is not None:
        identity = block.downsample(identity)
    return block.relu(last_norm(last_conv(x)) + identity)


@BACKBONES.register_module()
class TSMResNet(BaseModule):
    """ResNet over frames with temporal shift before its blocks (Lin et al., TSM, 2019).

    The video network of TCL (Singh et al., 2021), whose fast and slow paths are clips of 8 and
    of 4 frames: any number of frames will do. Random initial values are torchvision's, and so are
    the names of the state dict.

    The feature of a clip is the mean of its frames' features. TCL averages logits of frames
    instead; as the head is linear, both are equal. So is the dropout, which comes before the
    mean, once per frame: leave the head's own at 0.

    BatchNorm takes its statistics from the clips of one process; ``sync_bn='torch'`` of the
    Runner's config takes them from all processes.

    Args:
        depth: 18, 34 or 50 layers.
        shift_div: 1 / ``shift_div`` of the channels look forward, as many back (2 to 64).
        place: ``block`` shifts the input of the block, shortcut included, as TCL does;
            ``residual`` that of its convolutions alone, as TSM does.
        frame_dropout: dropout of the frames' features (TCL: 0.5).
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads a ResNet of torchvision or
            timm (``timm://resnet18``) or one of ours, strictly but for its classifier ``fc``.

    Raises:
        ValueError: unknown depth or place, or a number out of its range.
    """

    def __init__(
        self,
        depth: int = 18,
        shift_div: int = 8,
        place: str = 'block',
        frame_dropout: float = 0.5,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if depth not in RESNETS:
            raise ValueError(f'Expected `depth` to be one of {(*RESNETS,)}, but got {depth!r}.')
        if place not in PLACES:
            raise ValueError(f'Expected `place` to be one of {PLACES}, but got {place!r}.')
        self.shift_div = check_range('shift_div', shift_div, 2, MAX_SHIFT_DIV)
        check_range('frame_dropout', frame_dropout, 0, 1)
        self.place = place
        resnet = RESNETS[depth](weights=None)
        self.embed_dims = resnet.fc.in_features
        for name, child in resnet.named_children():
            if name not in ('avgpool', 'fc'):
                self.add_module(name, child)
        self.frame_dropout = nn.Dropout(frame_dropout)

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, take_network)
        self.is_init = True

    def forward(self, clip: Tensor) -> Tensor:
        """Return the feature (B, D) of a clip (B, 3, T, H, W)."""
        return self.frame_dropout(self.frame_features(clip)).mean(dim=1)

    def frame_features(self, clip: Tensor) -> Tensor:
        """Return the features (B, T, D) of the frames of a clip (B, 3, T, H, W)."""
        num_frames = clip.shape[2]
        x = rearrange(clip, 'b c t h w -> (b t) c h w')
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            for block in stage:
                shifted = temporal_shift(x.unflatten(0, (-1, num_frames)), self.shift_div)
                shifted = shifted.flatten(0, 1)
                x = run_block(block, shifted, shifted if self.place == 'block' else x)
        return x.mean(dim=(2, 3)).unflatten(0, (-1, num_frames))
