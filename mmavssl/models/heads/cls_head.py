"""Linear classification head."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.registry import HEADS
from mmavssl.utils.ranges import MAX_WIDTH, check_counts, check_range


@HEADS.register_module()
class ClsHead(BaseModule):
    """Dropout and one linear layer, with torch's default initial values as in SVFormer's code.

    Args:
        in_channels: width of the feature.
        num_classes: number of classes C.
        dropout: probability of dropout before the layer.

    Raises:
        ValueError: a number that is not positive, or no probability.
    """

    def __init__(self, in_channels: int, num_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        check_counts(MAX_WIDTH, in_channels=in_channels, num_classes=num_classes)
        check_range('dropout', dropout, 0, 1)
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(in_channels, num_classes)

    def forward(self, feature: Tensor) -> Tensor:
        """Map (B, in_channels) to logits (B, C)."""
        return self.fc(self.dropout(feature))
