"""What a masker gives, and whether a masker has given it."""

from typing import Any, NamedTuple

from torch import Tensor, nn

from mmavssl.models.utils.given import describe, may_read, misfit
from mmavssl.utils.errors import ConfigError

#: Of a ratio: that of bfloat16, and to spare.
ROUNDING = 0.01


class MaskResult(NamedTuple):
    """Which tokens of the first clip a mixed clip keeps.

    Attributes:
        mask: bool (B, T, h * w), True = token of the first clip, False = token of its partner.
        ratio: float (B,), realised share of True in each sample's mask.
        heatmap: float (B, T, h, w) in [0, 1], the map that guided the draw, or None.
    """

    mask: Tensor
    ratio: Tensor
    heatmap: Tensor | None = None


def check_result(
    masker: nn.Module, result: Any, ratio: Tensor, grid: tuple[int, int, int]
) -> MaskResult:
    """Return what a masker has drawn, if it is what a mixer needs.

    Types and shapes are looked at always, values where nothing waits for them (`may_read`).

    Args:
        masker: that has drawn.
        result: of its `draw`.
        ratio: (B,), that it was asked for.
        grid: T, h and w.

    Raises:
        ConfigError: names the masker, what was expected, and what is something else.
    """
    num_frames, height, width = grid
    shapes = {
        'mask': (len(ratio), num_frames, height * width),
        'ratio': (len(ratio),),
        'heatmap': (len(ratio), *grid),
    }
    got = _misfits(result, shapes, ratio)
    if got:
        raise ConfigError(
            f'Expected {type(masker).__name__}.draw to give a MaskResult with a bool `mask` '
            f'(B, T, h*w) = {shapes["mask"]}, a float `ratio` (B,) = {shapes["ratio"]} and a '
            f'`heatmap` that is None or float (B, T, h, w) = {shapes["heatmap"]}, all on '
            f'{ratio.device}, but got {got}.'
        )
    if may_read(masker, result.ratio):
        _check_ratio(masker, result)
    return result


def _misfits(result: Any, shapes: dict[str, tuple[int, ...]], asked: Tensor) -> str:
    if not isinstance(result, MaskResult):
        return describe(result)
    found = {
        'mask': misfit(result.mask, 'bool', shapes['mask'], asked.device),
        'ratio': misfit(result.ratio, 'float', shapes['ratio'], asked.device),
    }
    if result.heatmap is not None:
        found['heatmap'] = misfit(result.heatmap, 'float', shapes['heatmap'], asked.device)
    return ', '.join(f'`{name}` {what}' for name, what in found.items() if what)


def _check_ratio(masker: nn.Module, result: MaskResult) -> None:
    """Raise if a ratio, by which labels and sounds are mixed, is not that of its mask."""
    kept = result.mask.float().mean(dim=(1, 2))
    wrong = ~((result.ratio - kept).abs() <= ROUNDING)  # and so where it is NaN
    if wrong.any():
        clip = int(wrong.int().argmax())
        raise ConfigError(
            f'Expected `ratio` of {type(masker).__name__}.draw to be the share of True in each '
            f'mask, by which labels and sound are mixed, but got {float(result.ratio[clip]):.3g} '
            f'for clip {clip}, whose mask has {float(kept[clip]):.3g}.'
        )
