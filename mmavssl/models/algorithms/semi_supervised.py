"""The semi-supervised training step of SVFormer, SVFormer-Flex and ASL-Mix, written once.

The three methods differ only in the components that their configs name: modalities of the student,
threshold, masker of the mixer, contrastive loss.
"""

import copy
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
from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.models.mixers.mix_view import mix_view
from mmavssl.models.utils.ema import copy_state, ema_update
from mmavssl.models.utils.precision import full_precision
from mmavssl.models.utils.without_grad import without_grad
from mmavssl.registry import LOSSES, MIXERS, MODELS, SSL_ALGORITHMS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.passes import Pass, standard_passes

VIEWS = ('strong', 'weak')
DEFAULT_LOSS_WEIGHTS = {'unsup': 2.0, 'mix': 2.0, 'contrast': 0.1}


@SSL_ALGORITHMS.register_module()
class SemiSupervisedRecognizer(PseudoLabelAlgorithm):
    """Student, EMA teacher, threshold, mixer and contrastive loss (paper, section 3; Eq. 19).

    One iteration: the teacher sees the weak views of the unlabeled clips and gives pseudo labels;
    the threshold weights them; the student sees the labeled clips, the strong views and the mixed
    clips in one batch; the losses are ``loss_sup + γ1 loss_unsup + γ2 loss_mix + γ3
    loss_contrast``. The teacher is moved by `EMATeacherHook`, the threshold's state by
    `ThresholdUpdateHook`.

    Args:
        student: config of the recognizer (video, or audio-visual).
        threshold: config of the confidence threshold.
        mixer: config of the mixer, or None for no mixed clips.
        mix_loss: config of the loss on mixed clips (Eq. 10).
        contrast: config of the video-audio contrastive loss, or None.
        loss_weights: γ1 ``unsup``, γ2 ``mix``, γ3 ``contrast``; missing ones keep their default.
        warmup_epochs: epochs of supervised training before the unlabeled clips come in; the
            teacher equals the student during them (SVFormer's code: 5).
        drop_partner: whether the second clip of a mix has lost colours, too, where the data
            preprocessor drops some; False as in SVFormer's code.
        test_with: ``student``, ``teacher`` or ``both``.
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.
        consistency: config of the loss on unmixed clips, by default `ConsistencyLoss` (Eq. 2-4).
        student_view: what the student sees of unlabeled clips, and what is mixed: ``strong``, or
            ``weak``, the very view that the teacher labels (Pseudo-Label).

    Raises:
        ConfigError: a contrastive loss with a student that does not hear.
        ValueError: an unknown loss weight or ``student_view``, or ``warmup_epochs`` below 0.
    """

    teacher_steps: Tensor

    def __init__(
        self,
        student: dict | nn.Module,
        threshold: dict | nn.Module,
        mixer: dict | nn.Module | None = None,
        mix_loss: dict | nn.Module | None = None,
        contrast: dict | nn.Module | None = None,
        loss_weights: dict[str, float] | None = None,
        warmup_epochs: int = 0,
        drop_partner: bool = True,
        test_with: str = 'both',
        average: str = 'prob',
        data_preprocessor: dict | nn.Module | None = None,
        init_cfg: dict | None = None,
        consistency: dict | nn.Module | None = None,
        student_view: str = 'strong',
    ) -> None:
        super().__init__(
            threshold,
            warmup_epochs,
            test_with=test_with,
            average=average,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        if student_view not in VIEWS:
            raise ValueError(
                f'Expected `student_view` to be one of {VIEWS}, but got {student_view!r}.'
            )
        self.student = MODELS.build(student)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False).eval()
        # The teacher is never initialized on its own: it is a copy of the initialized student.
        self.teacher.is_init = True
        self.consistency = LOSSES.build(consistency or {'type': 'ConsistencyLoss'})
        self.student_view = student_view
        self.mixer = MIXERS.build(mixer) if mixer else None
        self.mix_loss = LOSSES.build(mix_loss or {'type': 'MixLoss'})
        self.contrast = LOSSES.build(contrast) if contrast else None
        if contrast and getattr(self.student, 'audio_backbone', self.student) is None:
            raise ConfigError(
                '`model.contrast` compares video with sound, but `model.student` has no '
                '`audio_backbone`. Set contrast=None, or add `audio_backbone` and `fusion`.'
            )
        self.loss_weights = with_defaults(loss_weights, DEFAULT_LOSS_WEIGHTS)
        self.drop_partner = drop_partner
        self.register_buffer('teacher_steps', torch.zeros((), dtype=torch.long))

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Student and teacher."""
        return {'student': self.student, 'teacher': self.teacher}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration: the standard ones."""
        return standard_passes(model, convention)

    def train(self, mode: bool = True) -> 'SemiSupervisedRecognizer':
        """Set the training mode of everything but the teacher, which stays in eval mode."""
        super().train(mode)
        self.teacher.eval()
        return self

    def init_weights(self) -> None:
        """Initialize the student, then make the teacher its copy."""
        super().init_weights()
        self.sync_teacher()

    def sync_teacher(self) -> None:
        """Make the teacher an exact copy of the student."""
        copy_state(self.teacher, self.student)

    def update_teacher(self, momentum: float) -> None:
        """Move the teacher by ``momentum`` (= 1 - decay) towards the student.

        Called by `EMATeacherHook` after an optimizer step, by nothing else.
        """
        if self.in_warmup:
            self.sync_teacher()
        else:
            ema_update(self.teacher, self.student, momentum)
        self.teacher_steps += 1

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return the weighted losses of one iteration and what is worth logging.

        All are of this rank's clips, but for ``loss_contrast`` and ``loss_threshold``, which are
        no means over clips and so are those of all ranks, the same on each.

        Args:
            inputs: ``{'labeled': {'weak': view}, 'unlabeled': {'weak': view, 'strong': view}}``
                with ``view = {'video': (B, C, T, H, W), 'audio': (B, T_a, F)}``.
            data_samples: ``{'labeled': [...], 'unlabeled': [...]}``.

        Raises:
            ConfigError: the pipeline does not give what the localizer hears.
        """
        labeled, labels = inputs['labeled']['weak'], gt_labels(data_samples['labeled'])
        if self.in_warmup:
            if self.mixer is not None and self.mixer.needs_localization:
                # Say what is missing now, not when warm-up is over.
                localizer_audio(inputs['unlabeled'][self.student_view], self.mixer.audio_input)
            logits = self.student(labeled['video'], labeled.get('audio')).logits
            return {'loss_sup': F.cross_entropy(logits, labels)}

        seen = inputs['unlabeled'][self.student_view]
        probs = self._teacher_probs(inputs['unlabeled']['weak'])
        pseudo = self.pseudo_labels(probs, data_samples['unlabeled'])
        partner = torch.randperm(len(probs), device=probs.device)
        mixed = self._mix(seen, partner)
        views = [labeled, seen] + ([mixed] if mixed else [])
        outputs = forward_views(self.student, views)

        losses = {
            'loss_sup': F.cross_entropy(outputs[0].logits, labels),
            'loss_unsup': self.loss_weights['unsup']
            * self.consistency(outputs[1].logits, probs, pseudo),
        }
        threshold_loss = self.threshold.aux_loss(outputs[1].logits, pseudo.weight)
        if threshold_loss is not None:
            losses['loss_threshold'] = threshold_loss
        if mixed:
            losses['loss_mix'] = self.loss_weights['mix'] * self.mix_loss(
                outputs[2].logits, probs, pseudo, partner, mixed['ratio']
            )
            losses['mix_ratio'] = mixed['ratio'].mean()
        if self.contrast is not None:
            losses['loss_contrast'] = self.loss_weights['contrast'] * self.contrast(
                torch.cat([output.video_feat for output in outputs]),
                torch.cat([output.audio_feat for output in outputs]),
            )
        return {
            **losses,
            **pseudo_label_log(pseudo.weight, pseudo.label, data_samples['unlabeled']),
        }

    @torch.no_grad()
    def _teacher_probs(self, weak: dict[str, Tensor]) -> Tensor:
        with without_grad(self.teacher):
            logits = self.teacher(weak['video'], weak.get('audio')).logits
        return full_precision(logits.clone()).softmax(dim=-1)  # a copy may be in a graph

    def _mix(self, seen: dict[str, Tensor], partner: Tensor) -> dict[str, Tensor] | None:
        """Mix each clip with its partner; None where nothing mixes."""
        if self.mixer is None:
            return None
        mixed = mix_view(self.mixer, self.data_preprocessor, seen, partner, self.drop_partner)
        return {'video': mixed.video, 'audio': mixed.audio, 'ratio': mixed.ratio}
