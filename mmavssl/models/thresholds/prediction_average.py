"""Moving averages of the teacher's predictions, on which adaptive thresholds rest."""

import torch
from torch import Tensor

from mmavssl.models.thresholds.base import BaseThreshold, check_share, check_sizes


class PredictionAverage(BaseThreshold):
    """Base of thresholds that follow the teacher's probabilities: ``mean_probs`` (C,).

    Their state takes the predictions of an iteration first and judges these by it then.

    Args:
        decay: share of the average that stays at each iteration, in [0, 1].

    Raises:
        ValueError: ``decay`` out of its range.
    """

    update_first = True
    sized: tuple[str, ...] = ('mean_probs',)
    mean_probs: Tensor

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = check_share('decay', decay)
        self.register_buffer('mean_probs', torch.empty(0))

    def setup(self, num_samples: int, num_classes: int) -> None:
        """Size the state and begin anew; a repeated call with the same size keeps it.

        Args:
            num_samples: size of the unlabeled pool, which does not matter here.
            num_classes: C.

        Raises:
            ValueError: a size is not positive.
        """
        check_sizes(num_samples, num_classes)
        if len(self.mean_probs) != num_classes:
            self.reset(num_classes)

    def reset(self, num_classes: int) -> None:
        """Begin anew with equal classes."""
        self.mean_probs = self.mean_probs.new_full((num_classes,), 1 / num_classes)

    def follow(self, average: Tensor, value: Tensor) -> None:
        """Move an average, in place: ``decay * average + (1 - decay) * value``."""
        average.lerp_(value.to(average), 1 - self.decay)
