"""A recognizer of frames and one of sounds, each with classes of its own."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.recognizers.av_recognizer import RecognizerOutput, check_width
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import BACKBONES, HEADS, MODELS
from mmavssl.utils.errors import ConfigError

#: Below it, the logarithm of a probability is that of this one.
MIN_PROBABILITY = 1e-12


@MODELS.register_module()
class TwoStreamRecognizer(BaseModule):
    """Video backbone and head, audio backbone and head; the mean of their probabilities counts.

    Args:
        backbone: config of the video backbone.
        head: config of its head.
        audio_backbone: config of the audio backbone.
        audio_head: config of its head.
        init_cfg: MMEngine weight initialization; the backbones have their own.

    Raises:
        ConfigError: widths that do not fit, or heads of different numbers of classes.
    """

    def __init__(
        self,
        backbone: dict | nn.Module,
        head: dict | nn.Module,
        audio_backbone: dict | nn.Module,
        audio_head: dict | nn.Module,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = BACKBONES.build(backbone)
        self.head = HEADS.build(head)
        self.audio_backbone = BACKBONES.build(audio_backbone)
        self.audio_head = HEADS.build(audio_head)
        for name, source in (('head', 'backbone'), ('audio_head', 'audio_backbone')):
            width = getattr(getattr(self, source), 'embed_dims', None)
            check_width(f'{name}.in_channels', getattr(self, name), width, source)
        classes = [getattr(part, 'num_classes', None) for part in (self.head, self.audio_head)]
        if classes[0] != classes[1]:
            raise ConfigError(
                f'Expected `audio_head.num_classes` to be that of `head`, {classes[0]}, but got '
                f'{classes[1]}.'
            )

    def forward(self, video: Tensor, audio: Tensor | None = None) -> RecognizerOutput:
        """Classify clips; the softmax of the logits is the mean of both streams' probabilities.

        Args:
            video: (B, 3, T, H, W), normalized.
            audio: log-mel (B, T_a, F).

        Raises:
            ValueError: there is no audio.
        """
        streams, features = self.streams(video, audio)
        probs = [full_precision(logits).softmax(dim=-1) for logits in streams.values()]
        mean = sum(probs) / len(probs)
        return RecognizerOutput(mean.clamp(min=MIN_PROBABILITY).log(), *features)

    def streams(
        self, video: Tensor, audio: Tensor | None
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor]]:
        """Return the logits (B, C) of ``video`` and ``audio``, and their features.

        Raises:
            ValueError: there is no audio.
        """
        if audio is None:
            raise ValueError(
                'Expected audio for a TwoStreamRecognizer, but got None. Add `LogMel` to the '
                "pipeline and `audio='error'` to `OpenAVFile`."
            )
        features = self.backbone(video), self.audio_backbone(audio)
        logits = {'video': self.head(features[0]), 'audio': self.audio_head(features[1])}
        return logits, features
