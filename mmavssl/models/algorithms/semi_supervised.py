"""The semi-supervised training step of SVFormer, SVFormer-Flex and ASL-Mix, written once.

The three methods differ only in the components that their configs name: modalities of the student,
threshold, masker of the mixer, contrastive loss.
"""

import copy

import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from torch import Tensor, nn

from mmavssl.models.algorithms.base import RecognitionAlgorithm, gt_labels
from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.models.losses.consistency import consistency_loss
from mmavssl.models.recognizers.av_recognizer import RecognizerOutput
from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.models.thresholds.observe import observe
from mmavssl.models.utils.ema import copy_state, ema_update
from mmavssl.models.utils.precision import full_precision
from mmavssl.models.utils.without_grad import without_grad
from mmavssl.registry import LOSSES, MIXERS, MODELS, SSL_ALGORITHMS, THRESHOLDS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range

DEFAULT_LOSS_WEIGHTS = {'unsup': 2.0, 'mix': 2.0, 'contrast': 0.1}


@SSL_ALGORITHMS.register_module()
class SemiSupervisedRecognizer(RecognitionAlgorithm):
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

    Raises:
        ConfigError: a contrastive loss with a student that does not hear.
        ValueError: an unknown loss weight, or ``warmup_epochs`` below 0.
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
    ) -> None:
        super().__init__(test_with, average, data_preprocessor, init_cfg)
        unknown = set(loss_weights or ()) - set(DEFAULT_LOSS_WEIGHTS)
        if unknown:
            raise ValueError(
                f'Expected the keys of `loss_weights` to be among {sorted(DEFAULT_LOSS_WEIGHTS)}, '
                f'but got {sorted(unknown)}.'
            )
        self.student = MODELS.build(student)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False).eval()
        # The teacher is never initialized on its own: it is a copy of the initialized student.
        self.teacher.is_init = True
        self.threshold = THRESHOLDS.build(threshold)
        self.mixer = MIXERS.build(mixer) if mixer else None
        self.mix_loss = LOSSES.build(mix_loss or {'type': 'MixLoss'})
        self.contrast = LOSSES.build(contrast) if contrast else None
        if contrast and getattr(self.student, 'audio_backbone', self.student) is None:
            raise ConfigError(
                '`model.contrast` compares video with sound, but `model.student` has no '
                '`audio_backbone`. Set contrast=None, or add `audio_backbone` and `fusion`.'
            )
        self.loss_weights = {**DEFAULT_LOSS_WEIGHTS, **(loss_weights or {})}
        self.warmup_epochs = check_range('warmup_epochs', warmup_epochs, 0)
        self.drop_partner = drop_partner
        self.register_buffer('teacher_steps', torch.zeros((), dtype=torch.long))
        self.pending_threshold_update: tuple[Tensor, Tensor] | None = None

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Student and teacher."""
        return {'student': self.student, 'teacher': self.teacher}

    @property
    def in_warmup(self) -> bool:
        """Whether this epoch still trains on labeled clips alone."""
        return MessageHub.get_current_instance().get_info('epoch', 0) < self.warmup_epochs

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
                localizer_audio(inputs['unlabeled']['strong'], self.mixer.audio_input)
            logits = self.student(labeled['video'], labeled.get('audio')).logits
            return {'loss_sup': F.cross_entropy(logits, labels)}

        weak, strong = inputs['unlabeled']['weak'], inputs['unlabeled']['strong']
        probs = self._teacher_probs(weak)
        pseudo = self._pseudo_labels(probs, data_samples['unlabeled'])
        partner = torch.randperm(len(probs), device=probs.device)
        mixed = self._mix(strong, partner)
        outputs = self._student_forward([labeled, strong] + ([mixed] if mixed else []))

        losses = {
            'loss_sup': F.cross_entropy(outputs[0].logits, labels),
            'loss_unsup': self.loss_weights['unsup']
            * consistency_loss(outputs[1].logits, pseudo.label, pseudo.weight),
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
        return {**losses, **pseudo_label_log(pseudo, data_samples['unlabeled'])}

    @torch.no_grad()
    def _teacher_probs(self, weak: dict[str, Tensor]) -> Tensor:
        with without_grad(self.teacher):
            logits = self.teacher(weak['video'], weak.get('audio')).logits
        return full_precision(logits.clone()).softmax(dim=-1)  # a copy may be in a graph

    def _pseudo_labels(self, probs: Tensor, samples: list[AVDataSample]) -> ThresholdResult:
        sample_idx = torch.tensor([sample.sample_idx for sample in samples])
        sample_idx = sample_idx.to(probs.device, non_blocking=True)
        if self.threshold.update_first:
            observe(self.threshold, probs, sample_idx)
        else:
            self.pending_threshold_update = (probs, sample_idx)
        return self.threshold(probs, sample_idx)

    def _mix(self, strong: dict[str, Tensor], partner: Tensor) -> dict[str, Tensor] | None:
        """Mix each strong clip with its partner, guided by its sound where the masker wants it."""
        if self.mixer is None:
            return None
        full_video = strong.get('full_video', strong['video'])
        guide = {}
        if not self.drop_partner:
            guide['others'] = full_video
        if self.mixer.needs_localization:
            frames = self.data_preprocessor.unnormalize(full_video)
            guide['frames'] = frames.transpose(1, 2)
            guide['audio_clean'] = localizer_audio(strong, self.mixer.audio_input)
        mixed = self.mixer(strong['video'], strong.get('audio'), partner, **guide)
        return {'video': mixed.video, 'audio': mixed.audio, 'ratio': mixed.ratio}

    def _student_forward(self, views: list[dict[str, Tensor]]) -> list[RecognizerOutput]:
        """Run the student once on all views; exact, since no layer mixes samples of a batch."""
        sizes = [len(view['video']) for view in views]
        audio = [view.get('audio') for view in views]
        output = self.student(
            torch.cat([view['video'] for view in views]),
            None if audio[0] is None else torch.cat(audio),
        )
        parts = [[None] * len(sizes) if field is None else field.split(sizes) for field in output]
        return [RecognizerOutput(*fields) for fields in zip(*parts, strict=True)]


def pseudo_label_log(pseudo: ThresholdResult, samples: list[AVDataSample]) -> dict[str, Tensor]:
    """Return how many of this rank's pseudo labels count and, where known, how many are right.

    Returns:
        ``pass_rate``: share of unlabeled clips with non-zero weight; ``pseudo_label_acc``: share
        of right labels among those that pass (percent; 0 where none passes).
    """
    passed = pseudo.weight > 0
    log = {'pass_rate': passed.float().mean()}
    hidden = [sample.get('gt_for_log', -1) for sample in samples]
    if min(hidden) >= 0:
        hidden = torch.tensor(hidden).to(pseudo.label.device, non_blocking=True)
        right = (pseudo.label == hidden) & passed
        log['pseudo_label_acc'] = 100.0 * right.sum() / passed.sum().clamp(min=1)
    return log
