"""Move a batch to the device and normalize its frames there."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmavssl.registry import MODELS
from mmavssl.utils.ranges import check_range
from mmavssl.utils.temporal_warp import tw_aug_indices


@MODELS.register_module()
class AVDataPreprocessor(BaseDataPreprocessor):
    """Cast nested dicts of tensors to the device; normalize ``video`` from uint8 there.

    Frames stay uint8 until they are on the device: a quarter of the transfer.

    Args:
        mean: of red, green and blue in [0, 1] (SVFormer: 0.45).
        std: of red, green and blue, positive (SVFormer: 0.225).
        channel_dropout: probability, in [0, 1), that a colour channel of a strong view becomes
            its mean in training; the others are scaled by ``1 / (1 - channel_dropout)``
            (SVFormer's code: 0.2). The view keeps the clip with all its colours as
            ``full_video``.
        batch_tw_aug: warp all strong clips of a batch in time by one draw of `TWAug`, in training
            (SVFormer's code). The transform of that name draws for each clip.
        non_blocking: copy asynchronously from pinned memory.

    Raises:
        ValueError: not three numbers for ``mean`` or ``std``, or one out of its range.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.45, 0.45, 0.45),
        std: Sequence[float] = (0.225, 0.225, 0.225),
        channel_dropout: float = 0.0,
        batch_tw_aug: bool = False,
        non_blocking: bool = True,
    ) -> None:
        super().__init__(non_blocking)
        if not 0 <= channel_dropout < 1:
            raise ValueError(
                f'Expected `channel_dropout` to be in [0, 1), but got {channel_dropout!r}.'
            )
        for name, values in (('mean', mean), ('std', std)):
            if len(values) != 3:
                raise ValueError(f'Expected `{name}` to be 3 numbers, but got {values!r}.')
        for value in std:
            check_range('std', value, above=0)
        self.channel_dropout = channel_dropout
        self.batch_tw_aug = batch_tw_aug
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1, 1), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Return the batch on the device, ``video`` normalized (..., 3, T, H, W)."""
        data = self.cast_data(data)
        inputs = self._normalize_videos(data['inputs'])
        if training:
            for stream in inputs.values():
                if 'strong' in stream:
                    self.augment(stream['strong'])
        return {**data, 'inputs': inputs}

    def augment(self, view: dict[str, Tensor]) -> None:
        """Warp a strong view in time, then drop colours of it, in place."""
        if self.batch_tw_aug:
            order = torch.from_numpy(tw_aug_indices(view['video'].shape[2]))
            order = order.to(view['video'].device, non_blocking=True)
            view['video'] = view['video'][:, :, order]
        if self.channel_dropout:
            view['full_video'] = view['video']
            view['video'] = self.drop_channels(view['video'])

    def _normalize_videos(self, inputs: Any) -> Any:
        return {
            name: self._normalize_videos(value)
            if isinstance(value, dict)
            else self.normalize(value)
            if name == 'video'
            else value
            for name, value in inputs.items()
        }

    def drop_channels(self, video: Tensor) -> Tensor:
        """Drop colour channels of whole clips (B, 3, T, H, W)."""
        kept = F.dropout(video.new_ones(*video.shape[:2], 1, 1, 1), self.channel_dropout)
        return video * kept

    def normalize(self, video: Tensor) -> Tensor:
        """Map uint8 frames (..., 3, T, H, W) to normalized floats."""
        return (video.float() / 255 - self.mean) / self.std

    def unnormalize(self, video: Tensor) -> Tensor:
        """Map normalized frames (..., 3, T, H, W) back to [0, 1], as localizers take them."""
        return (video * self.std + self.mean).clamp(0, 1)
