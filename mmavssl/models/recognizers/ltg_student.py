"""The two networks of LTG: of frames, and of temporal gradients."""

from typing import NamedTuple

from mmengine.model import BaseModule
from torch import Tensor

from mmavssl.models.recognizers.av_recognizer import AVRecognizer, RecognizerOutput, check_width
from mmavssl.registry import HEADS, MODELS
from mmavssl.utils.errors import ConfigError

NETWORKS = ('rgb', 'gradient')


class StagedOutput(NamedTuple):
    """What a network makes of clips.

    Attributes:
        logits: (B, C).
        feature: (B, D), of which they are.
        stages: features (B, C_s, t, h, w) of the stages.
    """

    logits: Tensor
    feature: Tensor
    stages: list[Tensor]


@MODELS.register_module()
class LTGStudent(BaseModule):
    """Two recognizers of one config, ``rgb`` and ``gradient``, with weights of their own.

    The one of frames alone is tested (LTG; Xiao et al., CVPR 2022).

    Args:
        backbone: config of the video backbones, which have `stages` and whose feature is the
            global mean of the last one, such as `ResNet3d18`.
        head: config of the heads.
        projection: config of the projections for contrast, or None for none.

    Raises:
        ConfigError: a backbone without stages, or widths that do not fit.
    """

    def __init__(self, backbone: dict, head: dict, projection: dict | None = None) -> None:
        super().__init__()
        self.rgb = AVRecognizer(backbone, head)
        self.gradient = AVRecognizer(backbone, head)
        if not hasattr(self.rgb.backbone, 'stages'):
            raise ConfigError(
                'LTGStudent aligns the stages of two backbones, but '
                f'{type(self.rgb.backbone).__name__} has no `stages`. Use ResNet3d18.'
            )
        self.has_projections = projection is not None
        if projection is not None:
            width = getattr(self.rgb.backbone, 'embed_dims', None)
            self.rgb_projection = HEADS.build(projection)
            self.gradient_projection = HEADS.build(projection)
            check_width('projection.in_channels', self.rgb_projection, width, 'backbone')

    def forward(self, video: Tensor, audio: Tensor | None = None) -> RecognizerOutput:
        """Classify clips by their frames.

        Args:
            video: (B, 3, T, H, W), normalized.
            audio: ignored.
        """
        return self.rgb(video)

    def staged(self, name: str, video: Tensor) -> StagedOutput:
        """Return all that training needs of clips.

        Args:
            name: ``rgb`` or ``gradient``.
            video: (B, 3, T, H, W) of frames or of temporal gradients, normalized.
        """
        network = self.get_submodule(name)
        stages = network.backbone.stages(video)
        feature = stages[-1].mean(dim=(2, 3, 4))
        return StagedOutput(network.head(feature), feature, stages)

    def project(self, name: str, feature: Tensor) -> Tensor:
        """Return the embeddings (B, E) of features (B, D) of a network, not normalized."""
        return self.get_submodule(f'{name}_projection')(feature)
