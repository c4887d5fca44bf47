"""Where things move while it is loud."""

import torch
import torch.nn.functional as F

from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class LoudMotion(torch.nn.Module):
    def __init__(self, size=14):
        super().__init__()
        self.size = size

    def forward(self, frames, audio):  # (B, T, 3, H, W) in [0, 1]; log-mel (B, T_a, F)
        change = frames.diff(dim=1, prepend=frames[:, 1:2]).abs().mean(2)  # (B, T, H, W)
        loud = F.adaptive_avg_pool1d(audio.mean(2), frames.shape[1]).softmax(1)  # (B, T)
        heard = torch.einsum('bthw,bt->bhw', change, loud)[:, None]  # one map for all frames
        return F.adaptive_avg_pool2d(heard, self.size).expand(-1, frames.shape[1], -1, -1)
