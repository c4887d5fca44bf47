"""One network's features follow those of another, stage by stage (LTG)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES

KINDS = ('cosine', 'l1', 'l2')
STOPS = ('gradient', 'rgb', 'none')


@LOSSES.register_module()
class FeatureAlignmentLoss(nn.Module):
    """LTG's alignment of features of frames with those of temporal gradients.

    The sum over the stages of the mean distance at all clips, times and places. ``cosine``: one
    minus the cosine over the channels (Xiao et al., CVPR 2022, and the default of its code);
    ``l1``, ``l2``: absolute or squared difference, mean over the channels.

    Args:
        kind: the distance.
        stop: whose features get no gradient: those of the ``gradient`` network, which so teaches
            the other one motion, those of the ``rgb`` network, or ``none``.

    Raises:
        ValueError: unknown ``kind`` or ``stop``.
    """

    def __init__(self, kind: str = 'cosine', stop: str = 'gradient') -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'Expected `kind` to be one of {KINDS}, but got {kind!r}.')
        if stop not in STOPS:
            raise ValueError(f'Expected `stop` to be one of {STOPS}, but got {stop!r}.')
        self.kind = kind
        self.stop = stop

    def forward(self, rgb: Sequence[Tensor], gradient: Sequence[Tensor]) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            rgb: features (B, C, t, h, w) of frames, by stage.
            gradient: those of the temporal gradients of the same clips.

        Raises:
            ValueError: other shapes, or another number of stages.
        """
        shapes = [[tuple(stage.shape) for stage in stages] for stages in (rgb, gradient)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                'Expected the stages of both networks to have equal shapes, but got '
                f'{shapes[0]} and {shapes[1]}.'
            )
        terms = [self.distance(*pair) for pair in zip(rgb, gradient, strict=True)]
        return torch.stack(terms).sum()

    def distance(self, rgb: Tensor, gradient: Tensor) -> Tensor:
        """Return the mean distance of one stage's features (B, C, t, h, w)."""
        with torch.autocast(rgb.device.type, enabled=False):
            rgb, gradient = full_precision(rgb), full_precision(gradient)
            rgb = rgb.detach() if self.stop == 'rgb' else rgb
            gradient = gradient.detach() if self.stop == 'gradient' else gradient
            if self.kind == 'cosine':
                return 1 - F.cosine_similarity(rgb, gradient, dim=1).mean()
            return (F.l1_loss if self.kind == 'l1' else F.mse_loss)(rgb, gradient)
