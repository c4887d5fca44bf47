"""Masks that keep the tokens where the sound comes from."""

from typing import Any

import torch
from torch import Tensor, nn

from mmavssl.models.localizers.check_maps import check_maps
from mmavssl.models.maskers.base import BaseMasker, MaskResult, keep_earliest
from mmavssl.models.maskers.map_weights import (
    DegenerateMapLog,
    average_adjacent,
    min_max_per_frame,
    not_finite,
    resize_maps,
    without_evidence,
)
from mmavssl.registry import LOCALIZERS, MASKERS
from mmavssl.utils.ranges import check_counts

INTERPOLATIONS = ('bilinear', 'bicubic')


@MASKERS.register_module()
class ASLGuided(BaseMasker):
    """Audio-source-localization-guided masks (paper, section 3.3, after Eq. 12).

    The frozen localizer's map of each frame is interpolated to the token grid, scaled to [0, 1] by
    its minimum and maximum, and gives the weights of a multinomial draw without replacement of
    ``round(ratio * h * w)`` tokens. A frame whose map is constant or not finite, or which has one
    colour only, and the frames of a silent clip are drawn uniformly, as whatever a localizer makes
    of them means nothing; the log says how many there were.

    How it is drawn: token i "arrives" after an exponential time of rate w_i. The first arrival is
    token i with probability w_i / Σw, and since waiting times have no memory, the next one is
    drawn the same way from the rest. So the order of arrival is a sequential draw without
    replacement of all tokens, and its first k are a draw of k: the same numbers as
    ``torch.multinomial(w, k)``, but with another k for each sample and without its checks that
    wait for the device.

    Localizer here means sound source in the image, not temporal action localization. It never
    trains: no gradient, always in eval mode, not in checkpoints unless asked.

    Args:
        localizer: config or module, ``(frames (B, T, 3, H, W), audio) -> map (B, T, h', w')``. Its
            attribute ``audio_input``, if any, says what it hears (default: ``logmel``), and
            ``hears_sound``, if any, whether that is a sound, which can be silent (default: True).
        frames_per_map: adjacent frames whose maps are averaged, before scaling; divides T (paper,
            Fig. 5: 1, 2, 4, 8).
        share_draw: frames that share a map share the drawn tokens as well, like short tubes; by
            default every frame draws anew. No difference with ``frames_per_map=1``.
        floor: smallest weight, in (0, 1]; lets tokens of weight zero be drawn once the others are
            used up.
        interpolation: ``bilinear`` or ``bicubic``.
        per_batch: one ratio and one set of random numbers for the whole batch; the maps remain
            each clip's own.
        save_localizer: keep the localizer's tensors in checkpoints; by default they are left out
            and a checkpoint without them loads.
        rounding: of the number of tokens, ``nearest`` or ``down``.

    Raises:
        ValueError: an argument out of its range.
    """

    needs_localization = True

    def __init__(
        self,
        localizer: dict | nn.Module,
        frames_per_map: int = 1,
        share_draw: bool = False,
        floor: float = 1e-3,
        interpolation: str = 'bilinear',
        per_batch: bool = False,
        save_localizer: bool = False,
        rounding: str = 'nearest',
    ) -> None:
        super().__init__(per_batch, rounding)
        check_counts(frames_per_map=frames_per_map)
        if not 0 < floor <= 1:
            raise ValueError(f'Expected `floor` to be in (0, 1], but got {floor!r}.')
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f'Expected `interpolation` to be one of {INTERPOLATIONS}, but got '
                f'{interpolation!r}.'
            )
        self.localizer = LOCALIZERS.build(localizer).requires_grad_(False).eval()
        self.audio_input = getattr(self.localizer, 'audio_input', self.audio_input)
        self.hears_sound = getattr(self.localizer, 'hears_sound', True)
        self.frames_per_map = frames_per_map
        self.share_draw = share_draw
        self.floor = floor
        self.interpolation = interpolation
        self.save_localizer = save_localizer
        self.degenerate_maps = DegenerateMapLog()
        self.register_state_dict_post_hook(_drop_localizer)

    def train(self, mode: bool = True) -> 'ASLGuided':
        """Set the training mode of everything but the localizer, which stays in eval mode."""
        super().train(mode)
        self.localizer.eval()
        return self

    def draw(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None,
        audio: Tensor | None,
    ) -> MaskResult:
        """Draw tokens by the localizer's map; arguments as in `forward`.

        Raises:
            ConfigError: the localizer gives something else than a map of each frame.
            ValueError: frames or audio are missing.
        """
        num_frames, height, width = grid
        heatmap = self.token_map(frames, audio, len(ratio), grid)
        repeats = num_frames // heatmap.shape[1]
        if not self.share_draw:
            heatmap = heatmap.repeat_interleave(repeats, dim=1)
        weights = heatmap.flatten(2).clamp(min=self.floor)
        count = self.kept_count(ratio, height * width)
        times = self.arrival_times(ratio, *weights.shape[1:]) / weights
        mask = keep_earliest(times, count[:, None])
        if self.share_draw:
            mask = mask.repeat_interleave(repeats, dim=1)
            heatmap = heatmap.repeat_interleave(repeats, dim=1)
        return MaskResult(mask, count / (height * width), heatmap)

    @torch.no_grad()
    def token_map(
        self, frames: Tensor | None, audio: Tensor | None, batch: int, grid: tuple[int, int, int]
    ) -> Tensor:
        """Return the localization map on the token grid, (B, T / frames_per_map, h, w) in [0, 1].

        Args:
            frames: (B, T, 3, H, W) in [0, 1].
            audio: (B, T_a, F) log-mel, or what the localizer takes.
            batch: B.
            grid: T, h and w.

        Raises:
            ConfigError: the localizer gives something else than a map of each frame.
            ValueError: frames or audio are missing.
        """
        if frames is None or audio is None:
            missing = 'frames' if frames is None else 'audio'
            raise ValueError(
                f'Expected frames and audio for {type(self).__name__}, but got no `{missing}`. '
                'Its pipeline must load both video and audio.'
            )
        maps = self.localizer(frames, audio)
        maps = check_maps(self.localizer, maps, (batch, grid[0]), frames.device)
        maps = average_adjacent(maps.float(), self.frames_per_map)
        broken = not_finite(maps)
        maps, useless = min_max_per_frame(resize_maps(maps, grid[1:], self.interpolation))
        blank = without_evidence(frames, audio, self.hears_sound)
        useless |= blank.unflatten(1, (-1, self.frames_per_map)).all(dim=2)
        self.degenerate_maps(useless, useless & broken)
        return maps.masked_fill(useless[..., None, None], 1.0)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: Any) -> None:
        """Load, letting the localizer keep its own weights where a checkpoint has none for it."""
        own_prefix = f'{prefix}localizer.'
        if not self.save_localizer and not any(key.startswith(own_prefix) for key in state_dict):
            state_dict.update(self.localizer.state_dict(prefix=own_prefix))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _drop_localizer(module: ASLGuided, state_dict: dict, prefix: str, _: dict) -> None:
    """Take the localizer's tensors out of a state dict that was just collected."""
    if not module.save_localizer:
        for key in [key for key in state_dict if key.startswith(f'{prefix}localizer.')]:
            del state_dict[key]
