"""An audio-visual recognizer with embeddings of both modalities for contrast and clusters."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.recognizers.av_recognizer import AVRecognizer, RecognizerOutput, check_width
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import HEADS, MODELS
from mmavssl.utils.errors import ConfigError

#: Length of the two unit vectors that make a joint embedding.
JOINT_LENGTH = 2**0.5


class Embeddings(NamedTuple):
    """Unit vectors v and a (B, E) of the frames and the sound of clips."""

    video: Tensor
    audio: Tensor

    def joint(self) -> Tensor:
        """Return the unit vectors z = [v; a] / sqrt(2) (B, 2 E)."""
        return torch.cat(self, dim=-1) / JOINT_LENGTH

    def detach(self) -> 'Embeddings':
        """Return them without gradient."""
        return Embeddings(*(part.detach() for part in self))


@MODELS.register_module()
class AvCLRStudent(AVRecognizer):
    """`AVRecognizer` with a projection of each modality, for training alone.

    Part of a re-implementation from the published description, see `AvCLRReimpl`.

    Args:
        backbone: config of the video backbone.
        head: config of the head.
        audio_backbone: config of the audio backbone.
        fusion: config of the fusion.
        video_projection: config of the projection of the video feature.
        audio_projection: config of that of the audio feature, of the same width.
        init_cfg: as of `AVRecognizer`.

    Raises:
        ConfigError: widths that do not fit.
    """

    def __init__(
        self,
        backbone: dict | nn.Module,
        head: dict | nn.Module,
        audio_backbone: dict | nn.Module,
        fusion: dict | nn.Module,
        video_projection: dict | nn.Module,
        audio_projection: dict | nn.Module,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(backbone, head, audio_backbone, fusion, init_cfg)
        self.video_projection = HEADS.build(video_projection)
        self.audio_projection = HEADS.build(audio_projection)
        for name, source in (
            ('video_projection', 'backbone'),
            ('audio_projection', 'audio_backbone'),
        ):
            width = getattr(self.get_submodule(source), 'embed_dims', None)
            check_width(f'{name}.in_channels', self.get_submodule(name), width, source)
        widths = [self.video_projection.out_channels, self.audio_projection.out_channels]
        if widths[0] != widths[1]:
            raise ConfigError(
                'Expected `audio_projection.out_channels` to be that of `video_projection`, '
                f'{widths[0]}, but got {widths[1]}.'
            )
        self.joint_dims = sum(widths)

    def embed(self, output: RecognizerOutput) -> Embeddings:
        """Return the embeddings of clips whose features `forward` has given."""
        projected = (
            self.video_projection(output.video_feat),
            self.audio_projection(output.audio_feat),
        )
        return Embeddings(*(F.normalize(full_precision(part), dim=-1) for part in projected))
