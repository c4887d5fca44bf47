"""Recognizer of actions from video, or from video and sound."""

from collections.abc import Mapping
from typing import NamedTuple

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmavssl.models.recognizers.weights import take_recognizer
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.registry import BACKBONES, FUSIONS, HEADS, MODELS
from mmavssl.utils.errors import ConfigError


class RecognizerOutput(NamedTuple):
    """Logits (B, C), z_v (B, D_v) and z_a (B, D_a) or None (Eq. 7-9)."""

    logits: Tensor
    video_feat: Tensor
    audio_feat: Tensor | None


@MODELS.register_module()
class AVRecognizer(BaseModule):
    """Video backbone [+ audio backbone + fusion] + head (Eq. 7-9).

    Args:
        backbone: config of the video backbone.
        head: config of the head.
        audio_backbone: config of the audio backbone, or None for video only.
        fusion: config of the fusion; needed with an audio backbone.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` starts all of it from a checkpoint
            of ours (see `InitCfg`; of an algorithm, the student), and its parts' own ``init_cfg``
            are not used; ``allow=['head.*']`` where the classes are others. Otherwise MMEngine's.

    Raises:
        ConfigError: audio backbone without fusion or the reverse, or widths that do not fit.
    """

    def __init__(
        self,
        backbone: dict | nn.Module,
        head: dict | nn.Module,
        audio_backbone: dict | nn.Module | None = None,
        fusion: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if (audio_backbone is None) != (fusion is None):
            raise ConfigError(
                'AVRecognizer needs `audio_backbone` and `fusion` together (audio-visual), or '
                f'neither (video only), but got audio_backbone={audio_backbone!r} and '
                f'fusion={fusion!r}.'
            )
        self.backbone = BACKBONES.build(backbone)
        self.audio_backbone = None if audio_backbone is None else BACKBONES.build(audio_backbone)
        self.fusion = None if fusion is None else FUSIONS.build(fusion)
        self.head = HEADS.build(head)
        self._check_widths()

    def _check_widths(self) -> None:
        video_dims = getattr(self.backbone, 'embed_dims', None)
        if self.fusion is None:
            check_width('head.in_channels', self.head, video_dims, 'backbone.embed_dims')
            return
        audio_dims = getattr(self.audio_backbone, 'embed_dims', None)
        check_width('fusion.video_dims', self.fusion, video_dims, 'backbone.embed_dims')
        check_width('fusion.audio_dims', self.fusion, audio_dims, 'audio_backbone.embed_dims')
        check_width('head.in_channels', self.head, self.fusion.out_dims, 'fusion.out_dims')

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names, or initialize the parts."""
        cfg = self.init_cfg
        if isinstance(cfg, Mapping) and cfg.get('type') == 'Pretrained' and not self.is_init:
            load_pretrained(self, cfg, take_recognizer)
            self.is_init = True
        else:
            super().init_weights()

    def forward(self, video: Tensor, audio: Tensor | None = None) -> RecognizerOutput:
        """Classify clips.

        Args:
            video: (B, 3, T, H, W), normalized.
            audio: log-mel (B, T_a, F); ignored by a video-only recognizer.

        Raises:
            ValueError: the recognizer hears, but there is no audio.
        """
        video_feat = self.backbone(video)
        if self.audio_backbone is None:
            return RecognizerOutput(self.head(video_feat), video_feat, None)
        if audio is None:
            raise ValueError(
                'Expected audio for an audio-visual recognizer, but got None. Add `LogMel` to the '
                "pipeline and `audio='error'` to `OpenAVFile`."
            )
        audio_feat = self.audio_backbone(audio)
        return RecognizerOutput(
            self.head(self.fusion(video_feat, audio_feat)), video_feat, audio_feat
        )


def check_width(key: str, module: nn.Module, width: int | None, source: str) -> None:
    """Raise if ``module`` does not read features of the width that ``source`` gives.

    Args:
        key: attribute of the module that says its width, as ``<module>.<attribute>``.
        module: part that reads the features; one without the attribute may read any.
        width: width of the features, or None if unknown.
        source: attribute of the part that makes the features, likewise.

    Raises:
        ConfigError: the widths differ.
    """
    actual = getattr(module, key.split('.')[-1], None)
    if None not in (actual, width) and actual != width:
        raise ConfigError(
            f'Expected `{key}` to be {width}, as `{source}`, but got {actual}. Change one of them.'
        )
