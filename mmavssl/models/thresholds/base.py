"""What all thresholds share."""

from typing import Any

import torch
from torch import Tensor, nn

from mmavssl.models.thresholds.result import ThresholdResult, check_result


class BaseThreshold(nn.Module):
    """Base of the confidence thresholds; their state lives in buffers and so in checkpoints.

    One iteration: `forward` on each rank's own predictions, and `update` once on those of all
    ranks. Every rank then writes the same state.
    """

    #: Whether `update` comes before `forward`.
    update_first: bool = False
    #: Whether ``sample_idx``, unique and stable in [0, num_samples), is needed.
    needs_index: bool = False
    #: Buffers that `setup` sizes; they are empty before.
    sized: tuple[str, ...] = ()

    @property
    def is_set_up(self) -> bool:
        """Whether `setup` has sized the state."""
        return all(getattr(self, name).numel() for name in self.sized)

    def setup(self, num_samples: int, num_classes: int) -> None:
        """Size the state before training and before a checkpoint is loaded.

        Args:
            num_samples: size of the unlabeled pool.
            num_classes: number of classes.
        """

    def __call__(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return what `forward` gives, once it is checked.

        Raises:
            ConfigError: it is something else than pseudo labels and weights.
        """
        return check_result(self, super().__call__(probs, sample_idx), probs)

    def forward(self, probs: Tensor, sample_idx: Tensor | None = None) -> ThresholdResult:
        """Return pseudo labels and weights.

        Args:
            probs: (U, C) probabilities of the teacher on weak views.
            sample_idx: (U,) position of each clip in the unlabeled pool.
        """
        raise NotImplementedError(f'{type(self).__name__} must implement `forward`.')

    def update(self, probs: Tensor, sample_idx: Tensor | None = None) -> None:
        """Update the state; called once per iteration with the predictions of all ranks.

        Args:
            probs: (U_all, C), in the order of the ranks.
            sample_idx: (U_all,).
        """

    def aux_loss(self, logits: Tensor, weight: Tensor) -> Tensor | None:
        """Return a loss of the threshold's own, a scalar, or None where it has none.

        Args:
            logits: (U, C) of the student on strong views.
            weight: (U,) as `forward` gave it.
        """

    def log_vars(self) -> dict[str, Tensor]:
        """Return what is worth logging about the state; empty where there is none."""
        return {}

    def check(self, probs: Tensor) -> None:
        """Raise if the state is not sized for probabilities (U, C).

        Raises:
            RuntimeError: not set up.
            ValueError: another number of classes.
        """
        if not self.is_set_up:
            raise RuntimeError(
                'Expected `setup(num_samples, num_classes)` to be called before a '
                f'{type(self).__name__} is used; in training, ThresholdUpdateHook does it.'
            )
        num_classes = len(getattr(self, self.sized[-1]))
        if probs.shape[-1] != num_classes:
            raise ValueError(
                f'Expected `probs` of {num_classes} classes, as given to `setup`, but got '
                f'{probs.shape[-1]}.'
            )

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args: Any) -> None:
        """Load; the state of another pool is an error, and before `setup` it is left aside.

        A network that is only tested is never set up and needs no state. In training a state of
        another length means other lists; MMEngine would only warn and go on without it.

        Raises:
            ValueError: the checkpoint's state has another length.
        """
        for name in self.sized:
            saved, own = state_dict.get(prefix + name), getattr(self, name)
            if saved is None or saved.shape == own.shape:
                continue
            if self.is_set_up:
                raise ValueError(
                    f'Expected `{prefix}{name}` of length {len(own)}, but the checkpoint has '
                    f'{len(saved)}: it was trained with another unlabeled list or other classes. '
                    'Resume with the same split, or start anew from the weights of its student.'
                )
            state_dict[prefix + name] = own
        super()._load_from_state_dict(state_dict, prefix, *args)


def check_share(name: str, value: float) -> float:
    """Return ``value``, or raise a ValueError with its ``name`` if it is not in [0, 1]."""
    if not 0 <= value <= 1:
        raise ValueError(f'Expected `{name}` to be in [0, 1], but got {value!r}.')
    return value


def check_sizes(num_samples: int, num_classes: int) -> None:
    """Raise a ValueError if a size given to `BaseThreshold.setup` is not positive."""
    if num_samples < 1 or num_classes < 1:
        raise ValueError(
            f'Expected `num_samples` and `num_classes` to be positive, but got '
            f'{num_samples!r} and {num_classes!r}.'
        )


def select(probs: Tensor, class_thresholds: Tensor) -> ThresholdResult:
    """Keep the predictions that reach the threshold of their class.

    Equality passes: papers write ``>``, released code ``>=``.

    Args:
        probs: (U, C).
        class_thresholds: (C,).
    """
    conf, label = probs.detach().float().max(dim=-1)
    thr = class_thresholds.to(conf)[label]
    return ThresholdResult((conf >= thr).to(conf), label, conf, thr)


@torch.no_grad()
def class_histogram(labels: Tensor, num_classes: int) -> Tensor:
    """Count the labels 0 .. num_classes - 1; like ``bincount``, which waits for a GPU.

    >>> class_histogram(torch.tensor([0, 2, 2]), 4)
    tensor([1, 0, 2, 0])
    """
    counts = torch.zeros(num_classes, dtype=torch.long, device=labels.device)
    return counts.scatter_add_(0, labels, torch.ones_like(labels))
