"""Projection of features for contrastive losses."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.registry import HEADS
from mmavssl.utils.ranges import MAX_WIDTH, check_counts


@HEADS.register_module()
class ProjectionHead(BaseModule):
    """Linear layers with ReLU between them, used in training alone.

    With ``norm``, BatchNorm follows each layer, after the last one without scale and shift, and
    the layers have no bias (LTG's code: three layers of 512). Without, features of a batch do not
    see each other.

    Args:
        in_channels: width of the feature.
        hidden_channels: width between the layers.
        out_channels: width of the result.
        num_layers: of the linear layers.
        norm: whether BatchNorm follows them.

    Raises:
        ValueError: a number that is not positive.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 512,
        out_channels: int = 512,
        num_layers: int = 3,
        norm: bool = True,
    ) -> None:
        super().__init__()
        check_counts(num_layers=num_layers)
        check_counts(
            MAX_WIDTH,
            in_channels=in_channels,
            hidden_channels=hidden_channels,
            out_channels=out_channels,
        )
        self.in_channels = in_channels
        self.out_channels = out_channels
        widths = [in_channels, *[hidden_channels] * (num_layers - 1), out_channels]
        layers: list[nn.Module] = []
        for index in range(num_layers):
            is_last = index == num_layers - 1
            layers.append(nn.Linear(widths[index], widths[index + 1], bias=not norm))
            if norm:
                layers.append(nn.BatchNorm1d(widths[index + 1], affine=not is_last))
            if not is_last:
                layers.append(nn.ReLU(inplace=True))
        self.layers = nn.Sequential(*layers)

    def forward(self, feature: Tensor) -> Tensor:
        """Map (B, in_channels) to (B, out_channels)."""
        return self.layers(feature)
