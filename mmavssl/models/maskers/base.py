"""The drawing that all maskers share."""

import torch
from mmengine.model import BaseModule
from torch import Tensor

from mmavssl.models.maskers.result import MaskResult, check_result

ROUNDINGS = {'nearest': torch.round, 'down': torch.floor}


class BaseMasker(BaseModule):
    """Base of the maskers: subclasses implement `draw`.

    All numbers come from torch's global generator on the device of ``ratio``; nothing waits for
    that device.

    Args:
        per_batch: draw once for the whole batch (the first sample's ratio and one set of random
            numbers), as SVFormer's code does; by default every sample has its own draw.
        rounding: of the number of tokens that a ratio means, ``nearest``, or ``down`` as in
            SVFormer's code.

    Raises:
        ValueError: unknown ``rounding``.
    """

    #: Whether `forward` needs ``frames`` and ``audio`` of the first clip.
    needs_localization: bool = False
    #: What it needs of the sound: ``logmel``, or the key of another entry of a view.
    audio_input: str = 'logmel'

    def __init__(self, per_batch: bool = False, rounding: str = 'nearest') -> None:
        super().__init__()
        if rounding not in ROUNDINGS:
            raise ValueError(
                f'Expected `rounding` to be one of {tuple(ROUNDINGS)}, but got {rounding!r}.'
            )
        self.per_batch = per_batch
        self.rounding = rounding

    def forward(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None = None,
        audio: Tensor | None = None,
    ) -> MaskResult:
        """Draw the masks of a batch.

        Args:
            ratio: (B,) share of tokens to keep, in [0, 1].
            grid: number of frames T, rows h and columns w of tokens.
            frames: (B, T, 3, H, W) in [0, 1], first clips; for localization only.
            audio: sound of the first clips, (B, T_a, F) for a log-mel; for localization only.

        Raises:
            ConfigError: `draw` gives something else than masks.
            ValueError: ``ratio`` is not one number per sample.
        """
        if ratio.dim() != 1:
            raise ValueError(
                f'Expected `ratio` to be one number per sample (B,), but got shape '
                f'{tuple(ratio.shape)}.'
            )
        if self.per_batch:
            ratio = ratio[:1].expand_as(ratio)
        result = self.draw(ratio, grid, frames, audio)
        return check_result(self, result, ratio, grid)

    def draw(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None,
        audio: Tensor | None,
    ) -> MaskResult:
        """Draw the masks; arguments as in `forward`."""
        raise NotImplementedError(f'{type(self).__name__} must implement `draw`.')

    def kept_count(self, ratio: Tensor, total: int) -> Tensor:
        """Return how many of ``total`` tokens (or frames) are kept (B,)."""
        return kept_count(ratio, total, self.rounding)

    def arrival_times(self, ratio: Tensor, *shape: int) -> Tensor:
        """Return independent Exp(1) numbers (B, *shape), or (1, *shape) with ``per_batch``.

        The entries in order of their arrival times are a uniformly random permutation.
        """
        rows = 1 if self.per_batch else len(ratio)
        times = torch.empty(rows, *shape, device=ratio.device, dtype=torch.float32)
        return times.exponential_()


def kept_count(ratio: Tensor, total: int, rounding: str = 'nearest') -> Tensor:
    """Return ``ratio * total`` (B,) as integers within [0, total].

    >>> kept_count(torch.tensor([0.0, 0.3, 1.2]), 16)
    tensor([ 0,  5, 16])
    >>> kept_count(torch.tensor([0.0, 0.3, 1.2]), 16, rounding='down')
    tensor([ 0,  4, 16])
    """
    return ROUNDINGS[rounding](ratio.float() * total).clamp(0, total).long()


def keep_earliest(times: Tensor, count: Tensor) -> Tensor:
    """Mark the ``count`` smallest entries along the last dimension.

    Exactly that many are marked, also where entries are equal.

    Args:
        times: (..., n).
        count: (...) integers in [0, n], broadcast against the leading dimensions of ``times``.

    >>> keep_earliest(torch.tensor([[0.3, 0.1, 0.2], [1.0, 1.0, 1.0]]), torch.tensor([2, 1]))
    tensor([[False,  True,  True],
            [ True, False, False]])
    """
    rank = times.argsort(dim=-1, stable=True).argsort(dim=-1)
    return rank < count.unsqueeze(-1)
