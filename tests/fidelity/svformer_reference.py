"""One training iteration of SVFormer's released code, from its description alone.

Plain tensors and functions: nothing of the package is used. Random draws are arguments. What is
written here follows descriptions of that code, not how the package is built: patches are mixed as
tokens, the class token travels with its sequence, each view has its own forward pass.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

EPS = 1e-6


class Draws(NamedTuple):
    """What one iteration draws."""

    warp: list[int]  # frame shown at each position, one draw for the batch
    kept_channels: Tensor  # (u, 3) bool
    ratio: float
    mask: Tensor  # (n,) bool: one pattern for all frames and clips
    partner: list[int]


def layer_norm(x: Tensor, weights: dict, name: str) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / (variance + EPS).sqrt() * weights[f'{name}.weight'] + weights[
        f'{name}.bias'
    ]


def linear(x: Tensor, weights: dict, name: str) -> Tensor:
    return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']


def attention(x: Tensor, weights: dict, name: str, heads: int) -> Tensor:
    """Attention of sequences (s, l, d), one head after the other."""
    width = x.shape[-1] // heads
    qkv = linear(x, weights, f'{name}.qkv')
    outputs = []
    for head in range(heads):
        q, k, v = (qkv[..., part * x.shape[-1] + head * width :][..., :width] for part in range(3))
        scores = (q @ k.transpose(1, 2) / math.sqrt(width)).exp()
        outputs.append(scores / scores.sum(-1, keepdim=True) @ v)
    return linear(torch.cat(outputs, -1), weights, f'{name}.proj')


def gelu(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / math.sqrt(2))) / 2


def patch_tokens(clips: Tensor, weights: dict, patch: int) -> Tensor:
    """Return tokens (b, t, n, d) of clips (b, 3, t, h, w), block by block."""
    kernel = weights['patch_embed.proj.weight'].flatten(1)
    rows, columns = clips.shape[3] // patch, clips.shape[4] // patch
    tokens = []
    for y in range(rows):
        for x in range(columns):
            block = clips[:, :, :, y * patch : (y + 1) * patch, x * patch : (x + 1) * patch]
            tokens.append(block.transpose(1, 2).flatten(2) @ kernel.T)
    return torch.stack(tokens, 2) + weights['patch_embed.proj.bias']


def encode(tokens: Tensor, weights: dict, depth: int, heads: int) -> Tensor:
    """Return the class feature (b, d) of tokens (b, t, n, d): spatial-major, time fastest."""
    batch, frames, places, dims = tokens.shape
    positions, times = weights['pos_embed'][0], weights['time_embed'][0]
    patches = tokens + positions[None, None, 1:] + times[None, :, None]
    patches = patches.transpose(1, 2).reshape(batch, places * frames, dims)
    cls = (weights['cls_token'][0] + positions[:1]).expand(batch, 1, dims)
    x = torch.cat([cls, patches], 1)
    for i in range(depth):
        name = f'blocks.{i}'
        cls, patches = x[:, :1], x[:, 1:]
        tubes = patches.reshape(batch * places, frames, dims)
        temporal = attention(
            layer_norm(tubes, weights, f'{name}.temporal_norm1'),
            weights, f'{name}.temporal_attn', heads,
        )  # fmt: skip
        temporal = linear(temporal, weights, f'{name}.temporal_fc')
        patches = patches + temporal.reshape(batch, places * frames, dims)

        grid = patches.reshape(batch, places, frames, dims)
        spatial, class_updates = torch.zeros_like(grid), []
        for t in range(frames):
            sequence = torch.cat([cls, grid[:, :, t]], 1)
            update = attention(
                layer_norm(sequence, weights, f'{name}.norm1'), weights, f'{name}.attn', heads
            )
            class_updates.append(update[:, :1])
            spatial = (
                spatial
                + torch.nn.functional.one_hot(torch.tensor(t), frames).to(x)[None, None, :, None]
                * update[:, 1:, None]
            )
        cls = cls + sum(class_updates) / frames
        patches = patches + spatial.reshape(batch, places * frames, dims)
        x = torch.cat([cls, patches], 1)
        hidden = gelu(linear(layer_norm(x, weights, f'{name}.norm2'), weights, f'{name}.mlp.fc1'))
        x = x + linear(hidden, weights, f'{name}.mlp.fc2')
    return layer_norm(x, weights, 'norm')[:, 0]


class Reference:
    """A student and a teacher as dicts of tensors, and their iteration.

    Args:
        weights: of the student, by official names; the head is ``head.weight``, ``head.bias``.
        teacher: the same of the teacher.
        depth: number of blocks.
        heads: attention heads.
        patch: side of a patch in pixels.
        tau: confidence threshold.
        gammas: weights of the unlabeled and the mixed loss.
    """

    def __init__(
        self, weights: dict, teacher: dict, depth: int, heads: int, patch: int,
        tau: float = 0.3, gammas: tuple[float, float] = (2.0, 2.0),
    ) -> None:  # fmt: skip
        self.weights = {n: w.double().clone().requires_grad_() for n, w in weights.items()}
        self.teacher = {n: w.double().clone() for n, w in teacher.items()}
        self.velocity = {n: torch.zeros_like(w) for n, w in self.teacher.items()}
        self.depth, self.heads, self.patch = depth, heads, patch
        self.tau, self.gammas = tau, gammas

    def logits(self, tokens: Tensor, weights: dict) -> Tensor:
        return linear(encode(tokens, weights, self.depth, self.heads), weights, 'head')

    def view(self, clips: Tensor, weights: dict) -> Tensor:
        return self.logits(patch_tokens(clips, weights, self.patch), weights)

    def losses(
        self, labeled: Tensor, labels: list[int], weak: Tensor, strong: Tensor, draws: Draws
    ) -> dict[str, Tensor]:
        """Return the three weighted losses of uint8 clips (b, 3, t, h, w)."""
        labeled, weak, strong = (
            (clips.double() / 255 - 0.45) / 0.225 for clips in (labeled, weak, strong)
        )
        z_labeled = self.view(labeled, self.weights)
        strong = torch.stack([strong[:, :, frame] for frame in draws.warp], 2)
        dropped = strong.clone()
        for clip, channels in enumerate(draws.kept_channels.tolist()):
            for channel, kept in enumerate(channels):
                dropped[clip, channel] *= 1.25 if kept else 0.0
        z_strong = self.view(dropped, self.weights)
        with torch.no_grad():
            z_teacher = self.view(weak, self.teacher)

        own = patch_tokens(dropped, self.weights, self.patch)
        other = patch_tokens(strong[draws.partner], self.weights, self.patch)
        mask = draws.mask.double()[None, None, :, None]
        z_mixed = self.logits(own * mask + other * (1 - mask), self.weights)

        probs = z_teacher.exp() / z_teacher.exp().sum(-1, keepdim=True)
        unlabeled, mixed = 0.0, 0.0
        targets, passed = [], []
        for row in probs:
            confident = float(row.max()) >= self.tau
            hot = torch.zeros_like(row)
            hot[row.argmax()] = 1.0
            targets.append(hot if confident else row)
            passed.append(float(confident))
        for i, row in enumerate(probs):
            j = draws.partner[i]
            unlabeled = unlabeled + passed[i] * cross_entropy(z_strong[i], int(row.argmax()))
            target = draws.ratio * targets[i] + (1 - draws.ratio) * targets[j]
            weight = draws.ratio * passed[i] + (1 - draws.ratio) * passed[j]
            mixed = mixed + weight * ((z_mixed[i] - target) ** 2).sum() / len(row)
        supervised = sum(cross_entropy(z, y) for z, y in zip(z_labeled, labels, strict=True))
        return {
            'loss_sup': supervised / len(labels),
            'loss_unsup': self.gammas[0] * unlabeled / len(probs),
            'loss_mix': self.gammas[1] * mixed / len(probs),
        }

    def warm_up(self, labeled: Tensor, labels: list[int]) -> dict[str, Tensor]:
        """Return the loss of an iteration of the first epochs: of labeled clips alone."""
        logits = self.view((labeled.double() / 255 - 0.45) / 0.225, self.weights)
        losses = [cross_entropy(z, y) for z, y in zip(logits, labels, strict=True)]
        return {'loss_sup': sum(losses) / len(labels)}

    def new_teacher(self) -> None:
        """Make the teacher a copy of the student, as at the end of the first epochs."""
        self.teacher = {name: weight.data.clone() for name, weight in self.weights.items()}

    def forget(self) -> None:
        """Throw gradients away that were too few for a step, as at the end of an epoch."""
        for weight in self.weights.values():
            weight.grad = None

    def accumulate(self, losses: dict[str, Tensor]) -> None:
        """Add the gradients of an iteration."""
        sum(losses.values()).backward()

    def step(self, count: int, lr: float, weight_decay: float, momentum: float = 0.9) -> None:
        """Take a step of SGD with Nesterov momentum, by the mean of ``count`` gradients."""
        for name, weight in self.weights.items():
            gradient = weight.grad / count + weight_decay * weight.data
            self.velocity[name] = momentum * self.velocity[name] + gradient
            weight.data -= lr * (gradient + momentum * self.velocity[name])
            weight.grad = None

    def follow(self, decay: float = 0.99) -> None:
        """Move the teacher, as after each iteration."""
        for name, weight in self.teacher.items():
            self.teacher[name] = decay * weight + (1 - decay) * self.weights[name].data


def cross_entropy(logits: Tensor, label: int) -> Tensor:
    return logits.exp().sum().log() - logits[label]
