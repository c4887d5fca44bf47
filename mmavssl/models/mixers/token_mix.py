"""Mix tokens of two clips and, by the same ratio, their sounds."""

import torch
from torch import Tensor, nn

from mmavssl.models.mixers.base import BaseMixer, MixResult, convex_mix
from mmavssl.registry import MASKERS, MIXERS
from mmavssl.utils.ranges import check_counts

AUDIO_RATIOS = ('realised', 'drawn', 'evidence')


@MIXERS.register_module()
class TokenMix(BaseMixer):
    """Token mixing (Eq. 5) with audio mixed by the same ratio (Eq. 6).

    The paper mixes patch embeddings, ``E_m = M * E_1 + (1 - M) * E_2``. A patch embedding whose
    patches do not overlap sees each block of ``patch_size`` pixels alone, so mixing the blocks of
    pixels gives the same tokens, with one patch embedding instead of two and for any backbone.

    SVFormer's code draws once per batch and weights labels by λ as drawn:
    ``TokenMix(TubeToken(per_batch=True, rounding='down'), audio_ratio='drawn')``.

    Args:
        masker: config or module that says which tokens of the first clip stay.
        patch_size: pixels per side of a patch; that of the video backbone.
        alpha: first parameter of λ ~ Beta(alpha, beta) (paper: 5 with localization; SVFormer: 10).
        beta: second parameter (10).
        audio_ratio: ratio for audio and labels: ``realised`` share of kept tokens; λ as
            ``drawn``, as in SVFormer's code; or ``evidence``, the first clip's share of what is
            left of both localization maps (see `evidence_ratio`), for maskers that have one.
        per_batch: one λ for the whole batch; implied by a masker that draws once for the batch.

    Raises:
        ValueError: an argument out of its range.
    """

    def __init__(
        self,
        masker: dict | nn.Module,
        patch_size: int = 16,
        alpha: float = 10.0,
        beta: float = 10.0,
        audio_ratio: str = 'realised',
        per_batch: bool = False,
    ) -> None:
        masker = MASKERS.build(masker)
        super().__init__(alpha, beta, per_batch or getattr(masker, 'per_batch', False))
        check_counts(patch_size=patch_size)
        if audio_ratio not in AUDIO_RATIOS:
            raise ValueError(
                f'Expected `audio_ratio` to be one of {AUDIO_RATIOS}, but got {audio_ratio!r}.'
            )
        self.masker = masker
        self.patch_size = patch_size
        self.audio_ratio = audio_ratio
        self.needs_localization = getattr(masker, 'needs_localization', False)
        if audio_ratio == 'evidence' and not self.needs_localization:
            raise ValueError(
                f"`audio_ratio='evidence'` needs a masker with localization maps, which "
                f'{type(masker).__name__} has none of.'
            )
        self.audio_input = getattr(masker, 'audio_input', self.audio_input)

    def forward(
        self,
        video: Tensor,
        audio: Tensor | None,
        partner: Tensor,
        frames: Tensor | None = None,
        audio_clean: Tensor | None = None,
        others: Tensor | None = None,
    ) -> MixResult:
        """Mix every clip with its partner; arguments as in `BaseMixer.forward`.

        Without ``audio_clean`` the localizer hears ``audio``.

        Raises:
            ValueError: the frame size is not a multiple of ``patch_size``, or the ratio is that of
                the evidence, and the masker gives no map.
        """
        grid = self.token_grid(video)
        drawn = self.draw_ratio(len(video), video.device)
        sound = audio if audio_clean is None else audio_clean
        masked = self.masker(drawn, grid, frames=frames, audio=sound)
        second = (video if others is None else others)[partner]
        if self.audio_ratio == 'evidence':
            if masked.heatmap is None:
                raise ValueError(
                    f"`audio_ratio='evidence'` needs the maps of the masker, but "
                    f'{type(self.masker).__name__} returns no `heatmap`.'
                )
            ratio = evidence_ratio(masked.mask, masked.heatmap, partner)
        else:
            ratio = masked.ratio if self.audio_ratio == 'realised' else drawn
        return MixResult(
            mix_blocks(video, second, masked.mask, self.patch_size),
            convex_mix(audio, partner, ratio),
            ratio,
            masked.mask,
            masked.heatmap,
        )

    def token_grid(self, video: Tensor) -> tuple[int, int, int]:
        """Return frames, rows and columns of tokens of ``video`` (B, C, T, H, W).

        Raises:
            ValueError: the frame size is not a multiple of ``patch_size``.
        """
        num_frames, height, width = video.shape[2:]
        if height % self.patch_size or width % self.patch_size:
            raise ValueError(
                f'Expected frames with sides that are multiples of `patch_size` '
                f'{self.patch_size}, but got {height} x {width}.'
            )
        return num_frames, height // self.patch_size, width // self.patch_size


def evidence_ratio(mask: Tensor, heatmap: Tensor, partner: Tensor) -> Tensor:
    """Return the first clips' share (B,) of the evidence that mixed clips have of both.

    A mask that keeps what sounds keeps nearly all of it, whatever share of the tokens that takes,
    and seldom covers what sounds in the other clip: the share of tokens says little of what there
    is to see. Not of the paper; TransMix (Chen et al., CVPR 2022) has the same idea for attention.

    Args:
        mask: bool (B, T, h * w), True = token of the first clip.
        heatmap: (B, T, h, w) in [0, 1], of the same clips.
        partner: (B,) long, index of each clip's partner.

    >>> heatmap = torch.tensor([[[[1.0, 0.0, 0.0, 0.0]]], [[[0.0, 0.5, 0.0, 0.5]]]])
    >>> mask = torch.tensor([[[True, True, False, False]], [[False, True, True, False]]])
    >>> evidence_ratio(mask, heatmap, torch.tensor([1, 0]))  # all and half are left; half and all
    tensor([0.6667, 0.3333])
    """
    maps = heatmap.flatten(2)
    kept = remaining(mask, maps)
    left = remaining(~mask, maps[partner])
    return torch.where(kept + left > 0, kept / positive(kept + left), 0.5)


def remaining(mask: Tensor, maps: Tensor) -> Tensor:
    """Return which part (B,) of maps (B, T, n) is where ``mask`` is True."""
    return (mask * maps).sum(dim=(1, 2)) / positive(maps.sum(dim=(1, 2)))


def positive(values: Tensor) -> Tensor:
    """Return values of at least 0 as something to divide by."""
    return values.clamp(min=torch.finfo(values.dtype).tiny)


def mix_blocks(first: Tensor, second: Tensor, mask: Tensor, patch_size: int) -> Tensor:
    """Take blocks of pixels from ``first`` where ``mask`` is True, else from ``second``.

    Args:
        first: (B, C, T, H, W).
        second: (B, C, T, H, W).
        mask: bool (B, T, h * w) with h = H / patch_size and w = W / patch_size, row by row.
        patch_size: pixels per side of a block.
    """
    batch, channels, num_frames, height, width = first.shape
    rows, columns = height // patch_size, width // patch_size
    blocks = (batch, channels, num_frames, rows, patch_size, columns, patch_size)
    keep = mask.view(batch, 1, num_frames, rows, 1, columns, 1)
    return torch.where(keep, first.reshape(blocks), second.reshape(blocks)).view(first.shape)
