"""From a localizer's map to weights of the token grid."""

import logging

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from mmengine.logging import print_log
from torch import Tensor, nn

from mmavssl.utils.device import is_far

# Below this span, relative to its values, a map is constant up to the rounding of interpolation.
CONSTANT_SPAN = 1e-5
# Reading a counter on a GPU waits for that GPU, so there it is read once in so many calls.
GPU_READ_INTERVAL = 100


def average_adjacent(maps: Tensor, frames_per_map: int) -> Tensor:
    """Replace each group of adjacent frames' maps by its mean.

    Args:
        maps: (B, T, h, w).
        frames_per_map: size of a group; divides T.

    Returns:
        (B, T / frames_per_map, h, w).

    Raises:
        ValueError: T is not a multiple of ``frames_per_map``.
    """
    if maps.shape[1] % frames_per_map:
        raise ValueError(
            f'Expected `frames_per_map` to divide the {maps.shape[1]} frames of a clip, but got '
            f'{frames_per_map}.'
        )
    return maps.unflatten(1, (-1, frames_per_map)).mean(dim=2)


def resize_maps(maps: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    """Interpolate maps (B, T, h', w') to ``size``.

    A map finer than ``size`` is averaged over each target cell's surroundings (antialiasing), so
    that a small source between the sampling points is not lost.
    """
    if maps.shape[-2:] == size:
        return maps
    finer = maps.shape[-2] > size[0] or maps.shape[-1] > size[1]
    return F.interpolate(maps, size, mode=interpolation, antialias=finer, align_corners=False)


def min_max_per_frame(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Scale every frame's map to [0, 1].

    Args:
        maps: (B, T, h, w), any real range.

    Returns:
        The scaled maps, all ones where a frame's map is constant or not finite, and a bool (B, T)
        that is True for those frames.

    >>> min_max_per_frame(torch.tensor([[[[1.0, 3.0, 2.0]], [[5.0, 5.0, 5.0]]]]))
    (tensor([[[[0.0000, 1.0000, 0.5000]],
    <BLANKLINE>
             [[1.0000, 1.0000, 1.0000]]]]), tensor([[False,  True]]))
    """
    low = maps.amin(dim=(-2, -1), keepdim=True)
    high = maps.amax(dim=(-2, -1), keepdim=True)
    span = high - low
    usable = span.isfinite() & (span > CONSTANT_SPAN * torch.maximum(low.abs(), high.abs()))
    scaled = torch.where(usable, (maps - low) / torch.where(usable, span, 1.0), 1.0)
    return scaled, ~usable.flatten(1)


def not_finite(maps: Tensor) -> Tensor:
    """Return which maps (B, T, h, w) have NaN or infinity in them, bool (B, T)."""
    return ~maps.sum(dim=(-2, -1)).isfinite()


def has_one_colour(frames: Tensor) -> Tensor:
    """Return which frames (B, T, 3, H, W) are the same everywhere, bool (B, T)."""
    span = frames.amax(dim=(-2, -1)) - frames.amin(dim=(-2, -1))
    return span.amax(dim=-1) == 0


def is_silent(audio: Tensor) -> Tensor:
    """Return which sounds (B, ..., n) have nothing in them, bool (B,).

    Digital silence has one value in all mel bins at any time, also where a log-mel was padded,
    and one in all windows of a spectrogram and all samples of a waveform. A single number (n = 1,
    or no such dimension) is never silence.
    """
    if audio.dim() < 2 or audio.shape[-1] == 1:
        return torch.zeros(len(audio), dtype=torch.bool, device=audio.device)
    span = audio.amax(dim=-1) - audio.amin(dim=-1)
    return span.flatten(1).amax(dim=1) == 0 if span.dim() > 1 else span == 0


def without_evidence(frames: Tensor, audio: Tensor, hears_sound: bool) -> Tensor:
    """Return for which frames there is nothing to see or to hear, bool (B, T).

    Args:
        frames: (B, T, 3, H, W).
        audio: of each clip, as in `is_silent`.
        hears_sound: whether that is a sound, which can be silent.
    """
    blank = has_one_colour(frames)
    return blank | is_silent(audio)[:, None] if hears_sound else blank


class DegenerateMapLog(nn.Module):
    """Counts frames whose map tells nothing, and warns of them in the log.

    The first one is reported, and again whenever their number has doubled. They are counted on the
    device and read there once in `GPU_READ_INTERVAL` calls.
    """

    count: Tensor
    broken: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ('count', 'broken'):  # all, and those of them with NaN or infinity
            self.register_buffer(name, torch.zeros((), dtype=torch.long), persistent=False)
        self.num_calls = 0
        self.num_frames = 0
        self.num_reported = 0

    def forward(self, degenerate: Tensor, broken: Tensor | None = None) -> None:
        """Count maps.

        Args:
            degenerate: bool (B, T), True where a map tells nothing.
            broken: bool (B, T), True for those of them that are not finite; None: none is.
        """
        self.count += degenerate.sum()
        if broken is not None:
            self.broken += broken.sum()
        self.num_frames += degenerate.numel()
        self.num_calls += 1
        if is_far(self.count) and (self.num_calls - 1) % GPU_READ_INTERVAL:
            return
        count = int(self.count)
        if count >= max(1, 2 * self.num_reported):
            self.num_reported = count
            print_log(
                f'{count} of {self.num_frames} localization maps so far told nothing, and their '
                f'tokens were drawn uniformly: {_kinds(count, int(self.broken))}.',
                logger='current',
                level=logging.WARNING,
            )

    def conclusion(self) -> str:
        """Say so if no map that was counted on any process told anything.

        Every process calls this, and waits for its device. Counts are not in checkpoints.
        """
        totals = torch.stack([self.count, self.broken, self.count.new_tensor(self.num_frames)])
        all_reduce(totals)
        count, broken, num_frames = totals.tolist()
        if not num_frames or count < num_frames:
            return ''
        return (
            f'None of the {num_frames} localization maps since this run was last started told '
            'anything, and all tokens were drawn uniformly, as if there were no localizer: '
            f'{_kinds(count, broken)}.'
        )


def _kinds(count: int, broken: int) -> str:
    return (
        f'{broken} not finite (NaN or infinite), {count - broken} constant, or of '
        'frames of one colour or clips without sound'
    )
