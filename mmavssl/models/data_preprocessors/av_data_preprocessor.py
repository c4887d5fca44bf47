"""Move a batch to the device and normalize its frames there."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmavssl.registry import MODELS


@MODELS.register_module()
class AVDataPreprocessor(BaseDataPreprocessor):
    """Cast nested dicts of tensors to the device; normalize ``video`` from uint8 there.

    Frames stay uint8 until they are on the device: a quarter of the transfer.

    Args:
        mean: of red, green and blue in [0, 1] (SVFormer: 0.45).
        std: of red, green and blue (SVFormer: 0.225).
        non_blocking: copy asynchronously from pinned memory.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.45, 0.45, 0.45),
        std: Sequence[float] = (0.225, 0.225, 0.225),
        non_blocking: bool = True,
    ) -> None:
        super().__init__(non_blocking)
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1, 1), persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Return the batch on the device, ``video`` normalized (..., 3, T, H, W)."""
        data = self.cast_data(data)
        return {**data, 'inputs': self._normalize_videos(data['inputs'])}

    def _normalize_videos(self, inputs: Any) -> Any:
        return {
            name: self._normalize_videos(value)
            if isinstance(value, dict)
            else self.normalize(value)
            if name == 'video'
            else value
            for name, value in inputs.items()
        }

    def normalize(self, video: Tensor) -> Tensor:
        """Map uint8 frames (..., 3, T, H, W) to normalized floats."""
        return (video.float() / 255 - self.mean) / self.std

    def unnormalize(self, video: Tensor) -> Tensor:
        """Map normalized frames (..., 3, T, H, W) back to [0, 1], as localizers take them."""
        return (video * self.std + self.mean).clamp(0, 1)
