"""Contrast inside and across modalities, and pseudo labels by clusters (AvCLR, re-implemented)."""

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
from mmavssl.models.recognizers.avclr_student import JOINT_LENGTH, Embeddings
from mmavssl.models.utils.class_centroids import ClassCentroids
from mmavssl.registry import LOSSES, MODELS, SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.passes import Pass

DEFAULT_LOSS_WEIGHTS = {'unsup': 1.0, 'intra': 0.5, 'cross': 0.5, 'cluster': 0.1}


@SSL_ALGORITHMS.register_module()
class AvCLRReimpl(PseudoLabelAlgorithm):
    """AvCLR (Assefa et al., IEEE TMM 26, 2024), re-implemented.

    This is a re-implementation from the published description, not the authors' method. There is
    no code of theirs, and what we know is the abstract: pseudo labels come from correlations of
    sight and sound by deep embedded clustering and not from the confidence in a class; there is
    contrast inside each modality, contrast across them, and consistency. **Unknown**, and chosen
    by us: networks, sound's front end, augmentations, which clips enter which loss, number and
    refresh of clusters, when clustering runs, thresholds, temperatures, loss weights, warm-up,
    schedule. (The paper's keywords name optical flow; we have none.) Results are ours, and no
    measure of AvCLR.

    Frames and sound have embeddings v and a, unit vectors, and z = [v; a] / sqrt(2). A cluster per
    class has its centroid at the moving average of labeled clips' z. An unlabeled clip belongs to
    them by the shares r of its weak view. Its pseudo label, the largest share's class, counts
    where v alone and a alone are nearest to the same class, and where the threshold, which gets r
    in the place of probabilities, lets it pass.

    - ``loss_sup``: cross-entropy of labeled clips;
    - ``loss_unsup``: that of strong views with the pseudo labels;
    - ``loss_intra``: NT-Xent of weak and strong views, of frames plus of sound;
    - ``loss_cross``: contrast of frames with sound, of labeled clips and weak views;
    - ``loss_cluster``: divergence of the weak views' shares from sharper ones.

    In warm-up there is ``loss_sup`` alone, and labeled clips make the centroids. A class without
    one, as none of its clips has been seen, gets no unlabeled clip: leave enough warm-up.

    Args:
        student: config of an `AvCLRStudent`.
        threshold: config of the threshold on shares.
        intra_contrast: config of the contrast inside a modality, by default `NTXentLoss`.
        contrast: config of that across modalities, by default `AVContrastiveLoss`.
        clustering: config of shares and their loss, by default `DeepClusteringLoss`.
        consistency: config of the loss on strong views, by default `ConsistencyLoss`.
        centroid_momentum: share of new clips in a centroid.
        loss_weights: ``unsup`` (1), ``intra`` (0.5), ``cross`` (0.5), ``cluster`` (0.1); missing
            ones keep their default.
        warmup_epochs: epochs of supervised training before the unlabeled clips come in.
        average: what is averaged over the views of a test video, ``prob`` or ``logit``.
        data_preprocessor: config of the data preprocessor.
        init_cfg: MMEngine weight initialization.

    Raises:
        ConfigError: a threshold that no share can reach.
        ValueError: an unknown loss weight, or a number out of its range.
    """

    def __init__(
        self,
        student: dict | nn.Module,
        threshold: dict | nn.Module,
        intra_contrast: dict | nn.Module | None = None,
        contrast: dict | nn.Module | None = None,
        clustering: dict | nn.Module | None = None,
        consistency: dict | nn.Module | None = None,
        centroid_momentum: float = 0.1,
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
        self.student = MODELS.build(student)
        self.intra_contrast = LOSSES.build(intra_contrast or {'type': 'NTXentLoss'})
        self.contrast = LOSSES.build(contrast or {'type': 'AVContrastiveLoss'})
        self.clustering = LOSSES.build(clustering or {'type': 'DeepClusteringLoss'})
        self.consistency = LOSSES.build(consistency or {'type': 'ConsistencyLoss'})
        self.loss_weights = with_defaults(loss_weights, DEFAULT_LOSS_WEIGHTS)
        num_classes = self.student.head.num_classes
        self.centroids = ClassCentroids(num_classes, self.student.joint_dims, centroid_momentum)
        check_reachable(self.threshold, self.clustering, num_classes)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The one recognizer there is."""
        return {'student': self.student}

    @classmethod
    def training_passes(cls, model: Mapping, convention: str) -> list[Pass]:
        """Return the passes of an iteration: all are the student's."""
        return [Pass('labeled clip'), Pass('weak view'), Pass('strong view')]

    def loss(self, inputs: dict, data_samples: dict) -> dict[str, Tensor]:
        """Return the weighted losses of one iteration and what is worth logging.

        Contrasts are those of all ranks' clips, the same on each.

        Args:
            inputs: ``{'labeled': {'weak': view}, 'unlabeled': {'weak': view, 'strong': view}}``
                with ``view = {'video': (B, 3, T, H, W), 'audio': (B, T_a, F)}``.
            data_samples: ``{'labeled': [...], 'unlabeled': [...]}``.
        """
        labels, samples = gt_labels(data_samples['labeled']), data_samples['unlabeled']
        views = [inputs['labeled']['weak']]
        if not self.in_warmup:
            views += [inputs['unlabeled']['weak'], inputs['unlabeled']['strong']]
        outputs = forward_views(self.student, views)
        embeddings = [self.student.embed(output) for output in outputs]
        self.centroids.update(embeddings[0].joint().detach(), labels)
        supervised = F.cross_entropy(outputs[0].logits, labels)
        if self.in_warmup:
            # DDP waits for a gradient of all parameters, of the idle projections as well.
            return {'loss_sup': supervised + 0.0 * embeddings[0].joint().sum()}
        shares = self._shares(embeddings[1].joint())
        return {
            'loss_sup': supervised,
            **self._contrasts(*embeddings),
            'loss_cluster': self.loss_weights['cluster'] * self.clustering(shares),
            **self._pseudo_label_losses(
                outputs[2].logits, shares.detach(), embeddings[1].detach(), samples
            ),
        }

    def _contrasts(
        self, labeled: Embeddings, weak: Embeddings, strong: Embeddings
    ) -> dict[str, Tensor]:
        intra = sum(self.intra_contrast(*pair) for pair in zip(weak, strong, strict=True))
        both = [torch.cat(parts) for parts in zip(labeled, weak, strict=True)]
        return {
            'loss_intra': self.loss_weights['intra'] * intra,
            'loss_cross': self.loss_weights['cross'] * self.contrast(*both),
        }

    def _shares(self, joint: Tensor) -> Tensor:
        """Return the shares (U, K) of the clusters in joint embeddings."""
        return self.clustering.assign(joint, self.centroids.means, self.centroids.known)

    def _agree(self, embeddings: Embeddings) -> Tensor:
        """Return whether frames alone and sound alone are nearest to the same class, bool (U,)."""
        halves = self.centroids.means.chunk(2, dim=1)
        video, audio = (
            self.clustering.assign(part / JOINT_LENGTH, half, self.centroids.known).argmax(dim=-1)
            for part, half in zip(embeddings, halves, strict=True)
        )
        return video == audio

    def _pseudo_label_losses(
        self, logits: Tensor, shares: Tensor, weak: Embeddings, samples: list[AVDataSample]
    ) -> dict[str, Tensor]:
        pseudo = self.pseudo_labels(shares, samples)
        agree = self._agree(weak).to(pseudo.weight)
        pseudo = pseudo._replace(weight=pseudo.weight * agree)
        self.used_pseudo_labels = {'': pseudo}
        unsup = self.consistency(logits, shares, pseudo)
        losses = {'loss_unsup': self.loss_weights['unsup'] * unsup}
        own = self.threshold.aux_loss(logits, pseudo.weight)
        if own is not None:
            losses['loss_threshold'] = own
        return {
            **losses,
            'agreement': agree.mean(),
            'known_classes': self.centroids.known.float().mean(),
            **pseudo_label_log(pseudo.weight, pseudo.label, samples),
        }


def check_reachable(threshold: nn.Module, clustering: nn.Module, num_classes: int) -> None:
    """Raise if no share of a cluster can pass the threshold, so that none ever would.

    Raises:
        ConfigError: says what to change.
    """
    wanted, largest = getattr(threshold, 'threshold', 0.0), clustering.largest(num_classes)
    if wanted >= largest:
        raise ConfigError(
            f'No pseudo label would ever pass `threshold.threshold`={wanted}: of {num_classes} '
            f'classes, the largest share of one is {largest:.3f}. Lower it, or set a smaller '
            '`clustering.scale` and a larger `clustering.alpha`.'
        )
