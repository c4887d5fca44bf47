"""Temporal contrastive learning: two frame rates of the same clips (TCL)."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.algorithms.base import gt_labels
from mmavssl.models.algorithms.forward_views import forward_views
from mmavssl.models.algorithms.loss_weights import with_defaults
from mmavssl.models.algorithms.pseudo_label_algorithm import (
    PseudoLabelAlgorithm,
    pseudo_label_log,
)
from mmavssl.models.losses.consistency import consistency_loss
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import LOSSES, MODELS, SSL_ALGORITHMS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.passes import Pass

DEFAULT_LOSS_WEIGHTS = {'instance': 9.0, 'group': 1.0, 'pseudo': 1.0}


@SSL_ALGORITHMS.register_module()
class TCLRecognizer(PseudoLabelAlgorithm):
    """TCL (Singh et al., CVPR 2021): a network agrees with itself at another frame rate.

    Training has three parts. At first labeled clips alone; then unlabeled clips at two frame
    rates, the views ``weak`` (more frames) and ``slow`` (fewer), whose class probabilities are
    contrasted by clip and by group, with gradients through the slow ones alone; at last, from
    ``finetune_epoch`` on, pseudo labels of the weak view for that same view, and no contrast.
    There is no teacher and no strong view.

    Args:
        student: config of the recognizer, whose backbone takes both numbers of frames.
        threshold: config of the confidence threshold of the last part (released code: 0.8).
        instance: config of the contrast of clips.
        group: config of the contrast of groups.
        loss_weights: ``instance`` (γ), ``group`` (β) and ``pseudo`` (γ of the last part); missing
            ones keep their default.
        warmup_epochs: epochs of the first part (released schedule: 50 of 400).
        finetune_epoch: epoch with which the last part begins, or None for none (350).
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.

    Raises:
        ConfigError: the last part would begin before the second.
        ValueError: an unknown loss weight.
    """

    def __init__(
        self,
        student: dict | nn.Module,
        threshold: dict | nn.Module,
        instance: dict | nn.Module | None = None,
        group: dict | nn.Module | None = None,
        loss_weights: dict[str, float] | None = None,
        warmup_epochs: int = 50,
        finetune_epoch: int | None = 350,
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
        if finetune_epoch is not None and finetune_epoch < warmup_epochs:
            raise ConfigError(
                f'Expected `finetune_epoch` to be at least `warmup_epochs`={warmup_epochs}, but '
                f'got {finetune_epoch!r}.'
            )
        self.student = MODELS.build(student)
        self.instance = LOSSES.build(instance or {'type': 'InstanceContrastiveLoss'})
        self.group = LOSSES.build(group or {'type': 'GroupContrastiveLoss'})
        self.loss_weights = with_defaults(loss_weights, DEFAULT_LOSS_WEIGHTS)
        self.finetune_epoch = finetune_epoch

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The one network there is."""
        return {'student': self.student}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration with contrast; slow views have half of the frames."""
        return [Pass('labeled clip'), Pass('weak view'), Pass('slow view', clips=0.5)]

    @property
    def in_finetuning(self) -> bool:
        """Whether this epoch belongs to the last part."""
        return self.finetune_epoch is not None and self.epoch >= self.finetune_epoch

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return the weighted losses of one iteration and what is worth logging.

        The contrasts are those of all ranks' clips, the same on each.

        Args:
            inputs: ``{'labeled': {'weak': view}, 'unlabeled': {'weak': view, 'slow': view}}``.
            data_samples: ``{'labeled': [...], 'unlabeled': [...]}``.

        Raises:
            ConfigError: the pipeline gives no view ``slow``.
        """
        labeled, labels = inputs['labeled']['weak'], gt_labels(data_samples['labeled'])
        unlabeled = inputs['unlabeled']
        if 'slow' not in unlabeled:
            raise ConfigError(
                f'TCLRecognizer compares the views `weak` and `slow`, but the pipeline of '
                f'unlabeled clips gives {", ".join(sorted(unlabeled))}. Add '
                '`MultiView(weak=[...], slow=[...])` with another `clip_len`.'
            )
        if self.in_finetuning:
            output, fast = forward_views(self.student, [labeled, unlabeled['weak']])
            extra = self._pseudo_label_loss(fast.logits, data_samples['unlabeled'])
        else:
            (output,) = forward_views(self.student, [labeled])
            extra = {} if self.in_warmup else self._contrasts(unlabeled)
        return {'loss_sup': F.cross_entropy(output.logits, labels), **extra}

    def _contrasts(self, views: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
        with torch.no_grad():  # but in training mode, with dropout, as in the released code
            (fast,) = forward_views(self.student, [views['weak']])
        (slow,) = forward_views(self.student, [views['slow']])
        probs = [full_precision(view.logits).softmax(dim=-1) for view in (fast, slow)]
        return {
            'loss_instance': self.loss_weights['instance'] * self.instance(*probs),
            'loss_group': self.loss_weights['group'] * self.group(*probs),
        }

    def _pseudo_label_loss(self, logits: Tensor, samples: list) -> dict[str, Tensor]:
        probs = full_precision(logits.detach()).softmax(dim=-1)
        pseudo = self.pseudo_labels(probs, samples)
        loss = consistency_loss(logits, pseudo.label, pseudo.weight)
        own = self.threshold.aux_loss(logits, pseudo.weight)
        return {
            'loss_pseudo': self.loss_weights['pseudo'] * loss,
            **({} if own is None else {'loss_threshold': own}),
            **pseudo_label_log(pseudo.weight, pseudo.label, samples),
        }
