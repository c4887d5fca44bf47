"""FlexMatch's class-wise threshold."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from mmavssl.models.thresholds.base import (
    BaseThreshold,
    ThresholdResult,
    check_share,
    check_sizes,
    class_histogram,
    select,
)
from mmavssl.registry import THRESHOLDS

UNUSED = -1
MAPPINGS: dict[str, Callable[[Tensor], Tensor]] = {
    'convex': lambda x: x / (2 - x),
    'linear': lambda x: (x + 1) / 2,
    'concave': lambda x: (torch.log1p(x) + 0.5) / (math.log(2) + 0.5),
}


@THRESHOLDS.register_module()
class FlexThreshold(BaseThreshold):
    """Curriculum pseudo labeling of FlexMatch (Eq. 4): T(c) = τ M(β(c)).

    ``memory`` holds for each unlabeled clip the class of its latest prediction with confidence at
    least τ, or -1. The learning status β(c) is the number of clips in class c, divided by that of
    the largest class or, during ``warmup``, of the clips without class if these are more.

    What to expect: T is 0 for all classes at first, so that everything passes, and for a class
    never predicted it remains 0. With ``warmup`` the thresholds stay near 0 until about
    C / (C + 1) of the pool has a class. Then the largest class has τ and one half its size τ / 3:
    a low τ re-balances classes rather than filters. Watch ``pass_rate`` and ``num_unused``.

    Args:
        threshold: τ in [0, 1].
        warmup: count clips without class in the denominator of β.
        mapping: M, ``convex`` x / (2 - x), ``linear`` (x + 1) / 2, or ``concave``
            (ln(x + 1) + 1/2) / (ln 2 + 1/2).

    Raises:
        ValueError: an argument out of its range.
    """

    needs_index = True
    sized = ('memory', 'learning_status')
    memory: Tensor
    learning_status: Tensor

    def __init__(
        self, threshold: float = 0.3, warmup: bool = True, mapping: str = 'convex'
    ) -> None:
        super().__init__()
        if mapping not in MAPPINGS:
            raise ValueError(
                f'Expected `mapping` to be one of {tuple(MAPPINGS)}, but got {mapping!r}.'
            )
        self.threshold = check_share('threshold', threshold)
        self.warmup = warmup
        self.mapping = mapping
        self.register_buffer('memory', torch.empty(0, dtype=torch.long))
        self.register_buffer('learning_status', torch.empty(0))
        self._has_seen_clips = False

    def setup(self, num_samples: int, num_classes: int) -> None:
        """Size the state and empty it; a repeated call with the same sizes keeps it.

        Args:
            num_samples: N, size of the unlabeled pool.
            num_classes: C.

        Raises:
            ValueError: a size is not positive.
        """
        check_sizes(num_samples, num_classes)
        if (self.memory.numel(), self.learning_status.numel()) != (num_samples, num_classes):
            self.memory = self.memory.new_full((num_samples,), UNUSED)
            self.learning_status = self.learning_status.new_zeros(num_classes)

    def class_thresholds(self) -> Tensor:
        """Return T (C,)."""
        return self.threshold * MAPPINGS[self.mapping](self.learning_status)

    @torch.no_grad()
    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights, by the state that the last iteration left.

        Args:
            probs: (U, C) probabilities of the teacher on weak views.
            sample_idx: not used here, only in `update`.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        self.check(probs)
        return select(probs, self.class_thresholds())

    @torch.no_grad()
    def update(self, probs: Tensor, sample_idx: Tensor | None = None) -> None:
        """Write confident predictions to the memory and recount the classes.

        Where a clip occurs twice, its later prediction stays.

        Args:
            probs: (U_all, C), in the order of the ranks.
            sample_idx: (U_all,) position of each clip in the unlabeled pool.

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes, or not one index per prediction.
        """
        self.check(probs)
        if sample_idx is None or sample_idx.shape != probs.shape[:1]:
            got = None if sample_idx is None else tuple(sample_idx.shape)
            raise ValueError(
                f'Expected `sample_idx` with one index for each of {len(probs)} predictions, but '
                f'got shape {got}.'
            )
        self._has_seen_clips = True
        conf, label = probs.float().max(dim=-1)
        # The gate is the fixed τ, not T(c): the memory estimates how well a class is learned from
        # predictions that are clean by one and the same standard.
        self._write(sample_idx, label, conf >= self.threshold)
        counts = class_histogram(self.memory + 1, len(self.learning_status) + 1)
        per_class = counts[1:]
        denominator = counts.max() if self.warmup else per_class.max()
        self.learning_status.copy_(per_class / denominator.clamp(min=1))

    def log_vars(self) -> dict[str, Tensor]:
        """Return ``thr_min``, ``thr_mean`` and ``thr_max`` over classes, and ``num_unused``."""
        if not self.is_set_up:
            return {}
        thresholds = self.class_thresholds()
        return {
            'thr_min': thresholds.min(),
            'thr_mean': thresholds.mean(),
            'thr_max': thresholds.max(),
            'num_unused': (self.memory == UNUSED).sum().float(),
        }

    def conclusion(self) -> str | None:
        """Return what to say once a model was trained whose pseudo labels were not filtered."""
        if not self._has_seen_clips or (self.memory != UNUSED).any():
            return None
        return (
            f'`model.threshold`: no prediction of the {len(self.memory)} unlabeled clips has '
            f'reached the confidence of {self.threshold}, so that the thresholds of all classes '
            'are still 0, and all pseudo labels count, right or wrong. Train longer, take a lower '
            '`threshold`, or FixedThreshold.'
        )

    def _write(self, sample_idx: Tensor, label: Tensor, confident: Tensor) -> None:
        """Set ``memory[sample_idx]`` to ``label`` where ``confident``.

        A plain indexed write has no defined winner among duplicates. The largest position in the
        batch has one, and neither filtering nor waiting for the device is needed for it.
        """
        position = torch.arange(len(label), device=label.device)
        position = torch.where(confident, position, UNUSED)
        latest = torch.full_like(self.memory, UNUSED).scatter_reduce_(
            0, sample_idx, position, reduce='amax'
        )
        new = label[latest.clamp(min=0)]
        self.memory.copy_(torch.where(latest == UNUSED, self.memory, new))
