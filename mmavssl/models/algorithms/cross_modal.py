"""Video and sound label each other's unlabeled clips (CMPL's idea)."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.algorithms.base import gt_labels
from mmavssl.models.algorithms.loss_weights import with_defaults
from mmavssl.models.algorithms.pseudo_label_algorithm import (
    PseudoLabelAlgorithm,
    pseudo_label_log,
)
from mmavssl.models.losses.consistency import consistency_loss
from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.thresholds.observe import observe
from mmavssl.models.thresholds.pair import ThresholdPair
from mmavssl.models.utils.precision import full_precision
from mmavssl.registry import MODELS, SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.passes import Pass

#: Whose pseudo labels each stream learns from.
TEACHER_OF = {'video': 'audio', 'audio': 'video'}
DEFAULT_LOSS_WEIGHTS = {'unsup': 1.0}


@SSL_ALGORITHMS.register_module()
class CrossModalRecognizer(PseudoLabelAlgorithm):
    """Each modality gives the other its pseudo labels.

    CMPL (Xu et al., CVPR 2022) lets a network and a smaller one label each other: the weak view
    of one, the strong view of the other. Here the two are a network that sees and one that hears,
    whose errors have little in common. The code of CMPL was never released; its networks,
    thresholds and schedules are not followed. Each stream has a cross-entropy on labeled clips
    and a threshold of its own.

    Args:
        student: config of a `TwoStreamRecognizer`.
        threshold: config of the confidence threshold, of which each stream gets one.
        loss_weights: ``unsup`` of the pseudo labels (1).
        warmup_epochs: epochs of supervised training before the unlabeled clips come in.
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.

    Raises:
        ValueError: an unknown loss weight.
    """

    def __init__(
        self,
        student: dict | nn.Module,
        threshold: dict,
        loss_weights: dict[str, float] | None = None,
        warmup_epochs: int = 0,
        average: str = 'prob',
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            ThresholdPair(threshold, tuple(TEACHER_OF)),
            warmup_epochs,
            test_with='student',
            average=average,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        self.student = MODELS.build(student)
        self.loss_weights = with_defaults(loss_weights, DEFAULT_LOSS_WEIGHTS)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The one recognizer there is, of two streams."""
        return {'student': self.student}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration: all are the student's."""
        return [Pass('labeled clip'), Pass('weak view'), Pass('strong view')]

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return the losses of one iteration and what is worth logging.

        Args:
            inputs: ``{'labeled': {'weak': view}, 'unlabeled': {'weak': view, 'strong': view}}``.
            data_samples: ``{'labeled': [...], 'unlabeled': [...]}``.
        """
        labels, samples = gt_labels(data_samples['labeled']), data_samples['unlabeled']
        views = [inputs['labeled']['weak']]
        pseudo: dict[str, ThresholdResult] = {}
        if not self.in_warmup:
            views.append(inputs['unlabeled']['strong'])
            pseudo = self._label(inputs['unlabeled']['weak'], samples)
        logits, _ = self.student.streams(
            torch.cat([view['video'] for view in views]),
            torch.cat([view['audio'] for view in views]),
        )
        losses = {}
        for name in TEACHER_OF:
            supervised, unlabeled = logits[name].tensor_split([len(labels)])
            losses[f'loss_sup_{name}'] = F.cross_entropy(supervised, labels)
            if pseudo:
                given = pseudo[TEACHER_OF[name]]
                loss = consistency_loss(unlabeled, given.label, given.weight)
                losses[f'loss_unsup_{name}'] = self.loss_weights['unsup'] * loss
                threshold = self.threshold.of[TEACHER_OF[name]]
                own = threshold.aux_loss(unlabeled, given.weight)
                if own is not None:
                    losses[f'loss_threshold_{name}'] = own
        return {**losses, **streams_log(pseudo, samples)}

    @torch.no_grad()
    def _label(
        self, weak: dict[str, Tensor], samples: list[AVDataSample]
    ) -> dict[str, ThresholdResult]:
        """Return the pseudo labels that each stream gives; thresholds see them at once."""
        logits, _ = self.student.streams(weak['video'], weak['audio'])
        sample_idx = torch.tensor([sample.sample_idx for sample in samples])
        sample_idx = sample_idx.to(weak['video'].device, non_blocking=True)
        given = {}
        for name, threshold in self.threshold.of.items():
            probs = full_precision(logits[name]).softmax(dim=-1)
            if threshold.update_first:
                observe(threshold, probs, sample_idx)
            given[name] = threshold(probs, sample_idx)
            if not threshold.update_first:
                observe(threshold, probs, sample_idx)
        self.used_pseudo_labels = given
        return given


def streams_log(
    pseudo: dict[str, ThresholdResult], samples: list[AVDataSample]
) -> dict[str, Tensor]:
    """Return what `pseudo_label_log` says of each stream, and the means of both by plain names."""
    logs = {
        name: pseudo_label_log(result.weight, result.label, samples)
        for name, result in pseudo.items()
    }
    own = {f'{key}_{name}': value for name, log in logs.items() for key, value in log.items()}
    keys = next(iter(logs.values()), ())
    return {**own, **{key: sum(log[key] for log in logs.values()) / len(logs) for key in keys}}
