"""Supervised training on the labeled clips alone: the baseline of every SSL method."""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.models.algorithms.base import RecognitionAlgorithm, gt_labels
from mmavssl.registry import MODELS, SSL_ALGORITHMS
from mmavssl.utils.passes import Pass, standard_passes


@SSL_ALGORITHMS.register_module()
class SupervisedRecognizer(RecognitionAlgorithm):
    """Cross-entropy on the weak view of labeled clips (Eq. 1) and nothing else.

    Args:
        student: config of the recognizer, the same as that of the SSL algorithms.
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.
    """

    def __init__(
        self,
        student: dict | nn.Module,
        average: str = 'prob',
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__('student', average, data_preprocessor, init_cfg)
        self.student = MODELS.build(student)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The one network there is."""
        return {'student': self.student}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration: the standard ones."""
        return standard_passes(model, convention)

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return ``loss_sup`` (Eq. 1)."""
        labeled = inputs['labeled']['weak']
        logits = self.student(labeled['video'], labeled.get('audio')).logits
        return {'loss_sup': F.cross_entropy(logits, gt_labels(data_samples['labeled']))}
