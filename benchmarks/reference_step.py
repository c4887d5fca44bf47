"""A training step of SVFormer as its released code makes it: what `step.py` compares ours with.

Written from a description of that code: three forward passes of the student one after the other,
attention with an explicit softmax, the class token joined and parted in each block, two patch
embeddings for a mix, a mask made by NumPy, an EMA over the state dict tensor by tensor, and the
same places where the host waits for the device.
"""

from __future__ import annotations

import copy
import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from timm.layers import DropPath, Mlp
from torch import Tensor, nn

EPS = 1e-6


class Attention(nn.Module):
    """Self-attention of TimeSformer, products and softmax one by one."""

    def __init__(self, dims: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = (dims // num_heads) ** -0.5
        self.qkv = nn.Linear(dims, 3 * dims)
        self.proj = nn.Linear(dims, dims)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, L, D) to (B, L, D)."""
        batch, length, dims = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.num_heads, dims // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * self.scale).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, length, dims))


class Block(nn.Module):
    """Block with divided attention; all tokens of a clip are one sequence (B, 1 + N T, D)."""

    def __init__(self, dims: int, num_heads: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dims, eps=EPS)
        self.attn = Attention(dims, num_heads)
        self.temporal_norm1 = nn.LayerNorm(dims, eps=EPS)
        self.temporal_attn = Attention(dims, num_heads)
        self.temporal_fc = nn.Linear(dims, dims)
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()
        self.norm2 = nn.LayerNorm(dims, eps=EPS)
        self.mlp = Mlp(dims, 4 * dims)

    def forward(self, x: Tensor, num_frames: int) -> Tensor:
        """Map (B, 1 + N T, D) to the same."""
        batch = len(x)
        tubes = rearrange(x[:, 1:], 'b (n t) d -> (b n) t d', t=num_frames)
        temporal = self.drop_path(self.temporal_attn(self.temporal_norm1(tubes)))
        temporal = rearrange(temporal, '(b n) t d -> b (n t) d', b=batch)
        patches = x[:, 1:] + self.temporal_fc(temporal)

        cls_token = x[:, :1]
        cls_tokens = rearrange(cls_token.repeat(1, num_frames, 1), 'b t d -> (b t) 1 d')
        frames = rearrange(patches, 'b (n t) d -> (b t) n d', t=num_frames)
        frames = torch.cat([cls_tokens, frames], dim=1)
        spatial = self.drop_path(self.attn(self.norm1(frames)))
        cls_update = rearrange(spatial[:, 0], '(b t) d -> b t d', b=batch).mean(1, keepdim=True)
        update = rearrange(spatial[:, 1:], '(b t) n d -> b (n t) d', b=batch)

        x = torch.cat([cls_token, patches], dim=1) + torch.cat([cls_update, update], dim=1)
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    """Patches of frames as tokens."""

    def __init__(self, patch_size: int, dims: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dims, patch_size, patch_size)

    def forward(self, frames: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, N, D)."""
        return self.proj(frames).flatten(2).transpose(1, 2)


class ReferenceTimeSformer(nn.Module):
    """TimeSformer with token mixing behind the patch embedding, and a head.

    Names of the state dict are those of the released code, which ours has, too.
    """

    def __init__(
        self, img_size: int, patch_size: int, num_frames: int, embed_dims: int, depth: int,
        num_heads: int, drop_path_rate: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.patch_embed = PatchEmbed(patch_size, embed_dims)
        num_patches = (img_size // patch_size) ** 2
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dims))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + num_patches, embed_dims))
        self.time_embed = nn.Parameter(torch.zeros(1, num_frames, embed_dims))
        rates = torch.linspace(0, drop_path_rate, depth).tolist()
        self.blocks = nn.ModuleList(Block(embed_dims, num_heads, rate) for rate in rates)
        self.norm = nn.LayerNorm(embed_dims, eps=EPS)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return class features of clips (B, 3, T, H, W), or of 2 B clips mixed by a mask.

        Args:
            clips: with a mask, the first clips and then their partners.
            mask: (B, T, N), 1 where the token of the first clip stays.
        """
        num_frames = clips.shape[2]
        tokens = self.patch_embed(rearrange(clips, 'b c t h w -> (b t) c h w'))
        if mask is not None:
            first, second = tokens.chunk(2)
            keep = rearrange(mask, 'b t n -> (b t) n 1')
            tokens = first * keep + second * (1 - keep)
        cls_tokens = self.cls_token.expand(len(tokens), -1, -1)
        x = torch.cat([cls_tokens, tokens], dim=1) + self.pos_embed
        batch = len(x) // num_frames
        cls_token = x[:batch, :1]
        patches = rearrange(x[:, 1:], '(b t) n d -> (b n) t d', t=num_frames) + self.time_embed
        x = torch.cat([cls_token, rearrange(patches, '(b n) t d -> b (n t) d', b=batch)], dim=1)
        for block in self.blocks:
            x = block(x, num_frames)
        return self.norm(x)[:, 0]


class Draws(NamedTuple):
    """The random choices of a mix: ratio λ, mask (T, N) of all clips, and partners (U,)."""

    ratio: float
    mask: Tensor
    partner: Tensor


def draw(num_clips: int, num_frames: int, num_patches: int, alpha: float = 10.0) -> Draws:
    """Draw one ratio and one tube mask for the whole batch, by NumPy."""
    ratio = np.random.beta(alpha, alpha)
    pattern = np.hstack(
        [np.ones(int(ratio * num_patches)), np.zeros(num_patches - int(ratio * num_patches))]
    )
    np.random.shuffle(pattern)
    mask = torch.from_numpy(np.tile(pattern, (num_frames, 1))).float()
    return Draws(ratio, mask, torch.randperm(num_clips))


class ReferenceStep:
    """Student, teacher and optimizer, and one iteration of them.

    Args:
        backbone: arguments of `ReferenceTimeSformer`.
        num_classes: of the head.
        threshold: δ; ``weights``: of the loss on strong and on mixed clips.
        momentum: of the teacher, 1 - decay.
        amp: type to which CUDA or the CPU casts, None for float32.
    """

    def __init__(
        self, backbone: dict, num_classes: int, device: torch.device, threshold: float = 0.3,
        weights: tuple[float, float] = (2.0, 2.0), momentum: float = 0.01,
        amp: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        head = nn.Linear(backbone['embed_dims'], num_classes)
        self.student = nn.ModuleDict({'backbone': ReferenceTimeSformer(**backbone), 'head': head})
        self.student.to(device).train()
        self.teacher = copy.deepcopy(self.student).eval()
        self.optimizer = torch.optim.SGD(
            self.student.parameters(), lr=0.005, momentum=0.9, weight_decay=1e-3, nesterov=True
        )
        self.device, self.amp = device, amp
        self.threshold, self.weights, self.momentum = threshold, weights, momentum

    def load(self, state: dict[str, Tensor]) -> None:
        """Take the weights of a student of ours into student and teacher."""
        state = {reference_name(name): value for name, value in state.items()}
        self.student.load_state_dict(state)
        self.teacher.load_state_dict(state)

    def _run(self, network: nn.ModuleDict, *inputs: Tensor) -> Tensor:
        with torch.autocast(self.device.type, self.amp, enabled=self.amp is not None):
            return network['head'](network['backbone'](*inputs)).float()

    def __call__(
        self, labeled: Tensor, labels: Tensor, weak: Tensor, strong: Tensor,
        partners: Tensor | None = None, draws: Draws | None = None,
    ) -> dict[str, float]:  # fmt: skip
        """Make an iteration with normalized clips and return the losses.

        Args:
            labeled: (B, 3, T, H, W).
            labels: (B,) of them.
            weak: (U, 3, T, H, W), what the teacher sees.
            strong: (U, 3, T, H, W), what the student sees of the same clips.
            partners: what partners of a mix are taken from; by default ``strong``.
            draws: of the mix; drawn here if there are none.
        """
        num_frames, side = strong.shape[2], strong.shape[3]
        if draws is None:
            num_patches = (side // self.student['backbone'].patch_embed.proj.kernel_size[0]) ** 2
            draws = draw(len(strong), num_frames, num_patches)
        partner = draws.partner.to(self.device)
        mask = draws.mask.to(self.device).expand(len(strong), -1, -1)
        second = (strong if partners is None else partners)[partner]

        labeled_logits = self._run(self.student, labeled)
        strong_logits = self._run(self.student, strong)
        with torch.no_grad():
            weak_logits = self._run(self.teacher, weak)
        mixed_logits = self._run(self.student, torch.cat([strong, second]), mask)

        probs = weak_logits.softmax(dim=-1)
        confidence, pseudo = probs.max(dim=-1)
        passed = (confidence >= self.threshold).float()
        target = probs.clone()
        for i in range(len(probs)):
            if passed[i] > 0:
                target[i] = F.one_hot(pseudo[i], probs.shape[-1])
        mixed_target = draws.ratio * target + (1 - draws.ratio) * target[partner]
        weight = draws.ratio * passed + (1 - draws.ratio) * passed[partner]

        loss_sup = nn.CrossEntropyLoss()(labeled_logits, labels)
        per_clip = nn.CrossEntropyLoss(reduction='none')(strong_logits, pseudo)
        loss_unsup = self.weights[0] * (passed * per_clip).mean()
        distance = nn.MSELoss(reduction='none')(mixed_logits, mixed_target).mean(dim=-1)
        loss_mix = self.weights[1] * (weight * distance).mean()
        loss = loss_sup + loss_unsup + loss_mix
        if math.isnan(loss.item()):
            raise RuntimeError('The loss is NaN.')

        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self._move_teacher()
        return {
            'loss': loss.item(),
            'loss_sup': loss_sup.item(),
            'loss_unsup': loss_unsup.item(),
            'loss_mix': loss_mix.item(),
            'pass_rate': passed.mean().item(),
        }

    @torch.no_grad()
    def _move_teacher(self) -> None:
        student, teacher = self.student.state_dict(), self.teacher.state_dict()
        for name, value in teacher.items():
            value.copy_((1 - self.momentum) * value + self.momentum * student[name])


def reference_name(name: str) -> str:
    """Return the name here of a parameter of our student."""
    return name.replace('head.fc.', 'head.')
