"""Training and testing of an audio source localizer, without labels."""

import torch
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmavssl.models.algorithms.init_cfg import check_no_pretrained
from mmavssl.models.data_preprocessors.build import build_preprocessor
from mmavssl.models.localizers.audio_input import LOGMEL, localizer_audio
from mmavssl.models.localizers.check_maps import check_maps
from mmavssl.registry import LOCALIZERS, LOSSES, MASKERS, SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.ranges import MAX_COUNT, check_range

FRAMES = ('random', 'middle')
VIEW = 'weak'


@SSL_ALGORITHMS.register_module()
class LocalizerTrainer(BaseModel):
    """Learns where sounds come from by matching one frame of each clip with the clip's sound.

    Clips of all streams are used alike, their labels never.

    Args:
        localizer: config of the localizer; to be trained, it has ``embed_frames`` and
            ``embed_audio``.
        loss: config of the loss: `FNACLoss`, `MILContrastiveLoss` or `PooledContrastiveLoss`.
        frames: which frame of a clip is used in training: ``random`` or ``middle``.
        masker: config of a masker whose masks testing draws as well, to be scored: of `ASLGuided`
            with ``localizer=dict(type='PrecomputedMap')``, which gets the maps, or another one
            to compare with. None: no masks.
        mask_ratio: share of tokens that these masks keep (the mean of Beta(5, 10) is 1/3).
        patch_size: pixels per side of a token.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization; the localizer has its own.

    Raises:
        ConfigError: ``init_cfg`` names a file.
        ValueError: unknown ``frames``, or a number out of its range.
    """

    def __init__(
        self,
        localizer: dict | nn.Module,
        loss: dict | nn.Module,
        frames: str = 'random',
        masker: dict | nn.Module | None = None,
        mask_ratio: float = 1 / 3,
        patch_size: int = 16,
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if frames not in FRAMES:
            raise ValueError(f'Expected `frames` to be one of {FRAMES}, but got {frames!r}.')
        check_no_pretrained(init_cfg, 'localizer')
        super().__init__(build_preprocessor(data_preprocessor), init_cfg)
        self.localizer = LOCALIZERS.build(localizer)
        self.criterion = LOSSES.build(loss)
        self.frames = frames
        self.masker = MASKERS.build(masker) if masker else None
        self.mask_ratio = check_range('mask_ratio', mask_ratio, 0, 1)
        self.patch_size = check_range('patch_size', patch_size, 1, MAX_COUNT)

    def forward(
        self, inputs: dict, data_samples: dict | list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list[AVDataSample] | Tensor:
        """Run one of MMEngine's three modes.

        Args:
            inputs: training: ``{source: {view: {'video', 'audio'}}}``; testing:
                ``{'video': (B, V, C, T, H, W), 'audio': (B, V, T_a, F)}``; ``tensor``:
                ``{'video': (B, C, T, H, W), 'audio': (B, T_a, F)}``. Videos are normalized.
            data_samples: samples by source (training; not used), or a list (testing).
            mode: ``loss`` gives named losses, ``predict`` data samples with a ``heatmap``,
                ``tensor`` the maps (B, T, h, w).

        Raises:
            ValueError: unknown mode.
        """
        if mode == 'loss':
            return self.loss(inputs)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.localize(inputs['video'], self.audio_of(inputs))
        raise ValueError(f"Expected `mode` to be 'tensor', 'loss' or 'predict', but got {mode!r}.")

    def loss(self, inputs: dict) -> dict[str, Tensor]:
        """Return ``loss`` and the terms that it consists of.

        Args:
            inputs: ``{source: {'weak': {'video': (B, C, T, H, W), 'audio': (B, T_a, F)}, ...}}``.

        Raises:
            ConfigError: a localizer that does not learn.
            DataError: no stream has a weak view with sound.
        """
        for name in ('embed_frames', 'embed_audio'):
            if not hasattr(self.localizer, name):
                raise ConfigError(
                    f'model.localizer: {type(self.localizer).__name__} cannot be trained, as it '
                    f'has no `{name}`. tools/test.py scores it as it is.'
                )
        views = [stream[VIEW] for stream in inputs.values() if VIEW in stream]
        pairs = [(view['video'], self.audio_of(view)) for view in views]
        pairs = [(video, sound) for video, sound in pairs if sound is not None]
        if not pairs:
            raise DataError(
                f'Expected a {VIEW!r} view with video and audio to train a localizer, but got '
                f'{ {source: sorted(stream) for source, stream in inputs.items()} }. Its pipeline '
                'must load sound.'
            )
        frames = torch.cat([self.pick_frames(video) for video, _ in pairs])
        image_feat = self.localizer.embed_frames(frames)
        audio_feat = self.localizer.embed_audio(torch.cat([sound for _, sound in pairs]))
        terms = self.criterion.terms(image_feat, audio_feat)
        epoch = MessageHub.get_current_instance().get_info('epoch', 0)
        return {'loss': self.criterion.total(terms, epoch), **terms}

    def predict(self, inputs: dict, data_samples: list[AVDataSample]) -> list[AVDataSample]:
        """Add the ``heatmap`` (V, T, h, w) of every view to each sample, and maybe a ``mask``.

        Args:
            inputs: ``video`` (B, V, C, T, H, W) and ``audio`` (B, V, T_a, F).
            data_samples: B samples.
        """
        video, audio = inputs['video'], self.audio_of(inputs)
        maps = self.localize(video.flatten(0, 1), audio.flatten(0, 1))
        heatmaps = maps.unflatten(0, video.shape[:2])
        for sample, heatmap in zip(data_samples, heatmaps, strict=True):
            sample.set_field(heatmap.detach(), 'heatmap')
        if self.masker is not None:
            masks = self.draw_masks(video.flatten(0, 1), maps).unflatten(0, video.shape[:2])
            for sample, mask in zip(data_samples, masks, strict=True):
                sample.set_field(mask, 'mask')
        return data_samples

    def draw_masks(self, video: Tensor, maps: Tensor) -> Tensor:
        """Return masks (B, T, rows, columns), bool, of video (B, C, T, H, W) by its maps."""
        num_frames, height, width = video.shape[2:]
        rows, columns = height // self.patch_size, width // self.patch_size
        ratio = torch.full((len(video),), self.mask_ratio, device=video.device)
        frames = self.data_preprocessor.unnormalize(video).transpose(1, 2)
        result = self.masker(ratio, (num_frames, rows, columns), frames=frames, audio=maps)
        return result.mask.unflatten(2, (rows, columns))

    def localize(self, video: Tensor, audio: Tensor) -> Tensor:
        """Return the maps (B, T, h, w) of normalized video (B, C, T, H, W) and its sound."""
        frames = self.data_preprocessor.unnormalize(video).transpose(1, 2)
        maps = self.localizer(frames, audio)
        return check_maps(self.localizer, maps, frames.shape[:2], frames.device)

    @property
    def audio_input(self) -> str:
        """What the localizer hears; `LocalizerInputHook` writes it into checkpoints."""
        return getattr(self.localizer, 'audio_input', LOGMEL)

    def audio_of(self, view: dict[str, Tensor]) -> Tensor | None:
        """Return what the localizer hears of a view, None where it has no sound."""
        return localizer_audio(view, self.audio_input)

    def pick_frames(self, video: Tensor) -> Tensor:
        """Return one frame (B, 3, H, W) in [0, 1] of each clip (B, C, T, H, W)."""
        batch, _, num_frames = video.shape[:3]
        if self.training and self.frames == 'random':
            chosen = torch.randint(num_frames, (batch,), device=video.device)
        else:
            chosen = torch.full((batch,), num_frames // 2, device=video.device)
        clips = torch.arange(batch, device=video.device)
        return self.data_preprocessor.unnormalize(video[clips, :, chosen].unsqueeze(2)).squeeze(2)
