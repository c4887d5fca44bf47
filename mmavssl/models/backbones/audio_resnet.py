"""ResNet-18 over a log-mel spectrogram."""

from einops import rearrange
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.backbones.weights import sum_rgb, take_network
from mmavssl.models.localizers.av_resnet import ResNet18Trunk
from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.models.utils.report import Report
from mmavssl.registry import BACKBONES
from mmavssl.utils.ranges import MAX_WIDTH, check_counts


def adapt_to_audio_resnet(source: StateDict, model: nn.Module, report: Report) -> StateDict:
    """Return a ResNet-18 of one channel or of RGB, whose kernel is summed, as `AudioResNet`'s.

    Args:
        source: tensors by torchvision's names, or ours.
        model: the AudioResNet.
        report: gets what became of each.
    """
    state = take_network(source, model, report, inside='trunk.')
    sum_rgb(state, 'trunk.conv1.weight', report)
    return state


@BACKBONES.register_module()
class AudioResNet(BaseModule):
    """ResNet-18 of one input channel with global average pooling, for log-mels of any length.

    Rows of its pictures are mel bins, columns are times.

    Args:
        base_channels: width of the stem and the first stage; doubles from stage to stage.
        num_stages: 2, 3 or 4 (all).
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads a ResNet-18 of torchvision or
            timm (``timm://resnet18``) or one of ours, strictly but for its classifier; with fewer
            stages than the file has, those have to be let go: ``allow=['trunk.layer4.*']``.

    Raises:
        ValueError: ``num_stages`` is not 2, 3 or 4, or ``base_channels`` not positive.
    """

    def __init__(
        self, base_channels: int = 64, num_stages: int = 4, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        check_counts(MAX_WIDTH, base_channels=base_channels)
        self.trunk = ResNet18Trunk(1, num_stages, base_channels)
        self.embed_dims = self.trunk.out_channels

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, adapt_to_audio_resnet)
        self.is_init = True

    def forward(self, logmel: Tensor) -> Tensor:
        """Return the feature (B, D) of a log-mel (B, T_a, F)."""
        return self.trunk(rearrange(logmel, 'b t f -> b 1 f t')).mean(dim=(2, 3))
