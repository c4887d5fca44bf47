"""Frames and temporal gradients teach each other (LTG)."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.algorithms.base import gt_labels
from mmavssl.models.algorithms.loss_weights import with_defaults
from mmavssl.models.algorithms.pseudo_label_algorithm import (
    PseudoLabelAlgorithm,
    pseudo_label_log,
)
from mmavssl.models.recognizers.ltg_student import NETWORKS
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES, MODELS, SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.passes import Pass

#: By whose predictions pseudo labels are made.
LABELERS = {'avg': NETWORKS, 'rgb': ('rgb',), 'gradient': ('gradient',)}
#: Views of each source, and the suffix of those that a network sees.
VIEWS = {'labeled': ('weak',), 'unlabeled': ('weak', 'strong')}
SUFFIXES = {'rgb': '', 'gradient': '_gradient'}
DEFAULT_LOSS_WEIGHTS = {'unsup': 1.0, 'align': 1.0, 'contrast': 1.0}


class ViewOutputs(NamedTuple):
    """What one network makes of a batch.

    Attributes:
        labeled: logits (B, C) of labeled clips.
        weak: logits (U, C) of weak views.
        strong: logits (U, C) of strong views.
        feature: (B + U, D) of labeled clips and weak views.
        stages: features (B + U, C_s, t, h, w) of them.
    """

    labeled: Tensor
    weak: Tensor
    strong: Tensor
    feature: Tensor
    stages: list[Tensor]


@SSL_ALGORITHMS.register_module()
class LTGRecognizer(PseudoLabelAlgorithm):
    """LTG (Xiao et al., CVPR 2022): learning from temporal gradients.

    Two networks, one of frames and one of the changes between them, each see labeled clips, weak
    and strong views in one batch. Their losses, as in the released code:

    - ``loss_sup``: cross-entropy of labeled clips, mean of both networks;
    - ``loss_unsup``: that of strong views with pseudo labels of the weak ones, likewise;
    - ``loss_align``: features of frames follow those of temporal gradients, stage by stage;
    - ``loss_contrast``: embeddings of the two networks agree on the clip.

    The last two are of labeled clips and weak views and, as those are no labels, begin with the
    first epoch; pseudo labels begin after ``warmup_epochs``. Strong views are in the batch from
    the first epoch on, so that batch norms know them. There is no teacher: weak views are
    predicted in training mode, with dropout, as the released code does.

    Args:
        student: config of an `LTGStudent`.
        threshold: config of the confidence threshold (released configs: fixed, 0.3).
        alignment: config of the alignment of features, or None for none.
        contrast: config of the contrast of the networks, or None for none; the student then has
            no ``projection``.
        consistency: config of the loss on strong views, by default `ConsistencyLoss`.
        label_by: whose predictions make the pseudo labels: ``avg``, the mean of both networks'
            logits, ``rgb`` or ``gradient``.
        loss_weights: ``unsup``, ``align``, ``contrast`` (1 each); missing ones keep their
            default.
        warmup_epochs: epochs without pseudo labels (released configs: a sixth of all, UCF-101,
            or more).
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.

    Raises:
        ConfigError: contrast without projections, or the reverse.
        ValueError: unknown ``label_by`` or loss weight.
    """

    def __init__(
        self,
        student: dict | nn.Module,
        threshold: dict | nn.Module,
        alignment: dict | nn.Module | None = None,
        contrast: dict | nn.Module | None = None,
        consistency: dict | nn.Module | None = None,
        label_by: str = 'avg',
        loss_weights: dict[str, float] | None = None,
        warmup_epochs: int = 30,
        average: str = 'prob',
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            threshold,
            warmup_epochs,
            test_with='student',
            average=average,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        if label_by not in LABELERS:
            raise ValueError(
                f'Expected `label_by` to be one of {tuple(LABELERS)}, but got {label_by!r}.'
            )
        self.student = MODELS.build(student)
        self.alignment = LOSSES.build(alignment) if alignment else None
        self.contrast = LOSSES.build(contrast) if contrast else None
        self.consistency = LOSSES.build(consistency or {'type': 'ConsistencyLoss'})
        self.label_by = label_by
        self.loss_weights = with_defaults(loss_weights, DEFAULT_LOSS_WEIGHTS)
        if self.student.has_projections != (self.contrast is not None):
            raise ConfigError(
                'LTGRecognizer needs `contrast` and `student.projection` together, or neither.'
            )

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The student, of which the network of frames is tested."""
        return {'student': self.student}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration: both networks, of the same cost, on three views."""
        views = ('labeled clip', 'weak view', 'strong view')
        return [Pass(f'{view} (both networks)', ('rgb',), clips=2) for view in views]

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return the weighted losses of one iteration and what is worth logging.

        All are of this rank's clips, but for ``loss_contrast`` and ``loss_threshold``, which are
        those of all ranks.

        Args:
            inputs: ``{'labeled': {'weak': view, 'weak_gradient': view}, 'unlabeled': ...}``, where
                unlabeled clips have ``strong`` and ``strong_gradient`` as well, with
                ``view = {'video': (B, 3, T, H, W)}``.
            data_samples: ``{'labeled': [...], 'unlabeled': [...]}``.

        Raises:
            ConfigError: a view is missing.
        """
        check_views(inputs)
        labels = gt_labels(data_samples['labeled'])
        outputs = {name: self._see(name, inputs) for name in NETWORKS}
        losses = {
            'loss_sup': mean([F.cross_entropy(out.labeled, labels) for out in outputs.values()]),
            **self._compare(outputs),
        }
        if not self.in_warmup:
            losses.update(self._pseudo_label_losses(outputs, data_samples['unlabeled']))
        return losses

    def _see(self, name: str, inputs: dict) -> ViewOutputs:
        """Run one network once on all of its views."""
        clips = [
            inputs[source][f'{view}{SUFFIXES[name]}']['video']
            for source, views in VIEWS.items()
            for view in views
        ]
        sizes = [len(clip) for clip in clips]
        out = self.student.staged(name, torch.cat(clips))
        compared = sum(sizes[:2])
        stages = [stage[:compared] for stage in out.stages]
        return ViewOutputs(*out.logits.split(sizes), out.feature[:compared], stages)

    def _compare(self, outputs: dict[str, ViewOutputs]) -> dict[str, Tensor]:
        """Return the losses between the two networks."""
        losses = {}
        if self.alignment is not None:
            stages = (out.stages for out in outputs.values())
            losses['loss_align'] = self.loss_weights['align'] * self.alignment(*stages)
        if self.contrast is not None:
            embeddings = (self.student.project(n, out.feature) for n, out in outputs.items())
            losses['loss_contrast'] = self.loss_weights['contrast'] * self.contrast(*embeddings)
        return losses

    def _pseudo_label_losses(
        self, outputs: dict[str, ViewOutputs], samples: list[AVDataSample]
    ) -> dict[str, Tensor]:
        weak = [full_precision(outputs[name].weak.detach()) for name in LABELERS[self.label_by]]
        probs = mean(weak).softmax(dim=-1)
        pseudo = self.pseudo_labels(probs, samples)
        strong = [out.strong for out in outputs.values()]
        unsup = mean([self.consistency(logits, probs, pseudo) for logits in strong])
        losses = {'loss_unsup': self.loss_weights['unsup'] * unsup}
        own = [self.threshold.aux_loss(logits, pseudo.weight) for logits in strong]
        if None not in own:
            losses['loss_threshold'] = mean(own)
        return {**losses, **pseudo_label_log(pseudo.weight, pseudo.label, samples)}


def mean(values: list[Tensor]) -> Tensor:
    """Return the mean of tensors of equal shape."""
    return sum(values) / len(values)


def check_views(inputs: dict) -> None:
    """Raise if a view of frames or of temporal gradients is missing.

    Raises:
        ConfigError: says which, and how to make them.
    """
    for source, views in VIEWS.items():
        needed = [f'{view}{suffix}' for view in views for suffix in SUFFIXES.values()]
        missing = [name for name in needed if name not in inputs[source]]
        if missing:
            raise ConfigError(
                f'LTGRecognizer compares frames with temporal gradients, but the pipeline of '
                f'{source} clips gives no {", ".join(missing)}. Add `PairFrames`, and '
                '`MultiView(weak=[TakeFrames, ...], weak_gradient=[TemporalGradient, ...], ...)`.'
            )
