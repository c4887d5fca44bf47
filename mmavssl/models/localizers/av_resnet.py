"""ResNet-18 trunks for frames and spectrograms."""

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from mmavssl.models.utils.memory_format import fast_layout

NUM_STAGES = (2, 3, 4)
BLOCKS_PER_STAGE = 2


class ResNet18Trunk(nn.Module):
    """Convolutional part of a ResNet-18, for any input size.

    Names of parameters are torchvision's, so its weights load. Fewer stages give a finer map for
    small frames: the stride is 8, 16 or 32 for 2, 3 or 4 stages.

    Args:
        in_channels: 3 for frames, 1 for spectrograms.
        num_stages: 2, 3 or 4 (all).
        base_channels: width of the stem and the first stage (64); doubles from stage to stage.

    Raises:
        ValueError: ``num_stages`` is not 2, 3 or 4, or ``base_channels`` not positive.
    """

    def __init__(self, in_channels: int, num_stages: int = 4, base_channels: int = 64) -> None:
        super().__init__()
        if num_stages not in NUM_STAGES:
            raise ValueError(
                f'Expected `num_stages` to be one of {NUM_STAGES}, but got {num_stages!r}.'
            )
        if base_channels < 1:
            raise ValueError(
                f'Expected `base_channels` to be positive, but got {base_channels!r}.'
            )
        self.conv1 = nn.Conv2d(in_channels, base_channels, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base_channels)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stage_names = [f'layer{number}' for number in range(1, num_stages + 1)]
        channels = base_channels
        for index, name in enumerate(self.stage_names):
            out_channels = base_channels * 2**index
            self.add_module(name, residual_stage(channels, out_channels, stride=min(index + 1, 2)))
            channels = out_channels
        self.out_channels = channels
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, h, w)."""
        x = fast_layout(x)
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for name in self.stage_names:
            x = self.get_submodule(name)(x)
        return x


def residual_stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """Return two basic blocks, the first of which strides.

    Args:
        in_channels: of the stage before.
        out_channels: of this stage.
        stride: of the first block; its shortcut is a convolution where stride or width change.
    """
    shortcut = None
    if stride != 1 or in_channels != out_channels:
        shortcut = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
            nn.BatchNorm2d(out_channels),
        )
    first = BasicBlock(in_channels, out_channels, stride, shortcut)
    rest = [BasicBlock(out_channels, out_channels) for _ in range(BLOCKS_PER_STAGE - 1)]
    return nn.Sequential(first, *rest)
