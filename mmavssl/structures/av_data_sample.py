"""What is known about a sample besides its tensors."""

import torch
from mmengine.structures import BaseDataElement


class AVDataSample(BaseDataElement):
    """Label, scores and provenance of one clip.

    Data fields: ``gt_label`` (1,) long, absent for unlabeled clips; ``pred_score`` (C,)
    probabilities of the network chosen for testing; ``student_score`` and ``teacher_score`` (C,);
    of localization ``heatmap`` (V, T, h, w) and maybe a ``mask`` of the same views; of predictions
    ``sound_map`` (N, h, w), the map of each of N frames.
    Metainfo: ``sample_idx`` (position in its own stream: labeled, unlabeled or test), ``source``,
    ``video_path``, ``clip_times`` (start and end of each clip in seconds), ``has_audio``,
    ``gt_for_log`` (hidden label of an unlabeled clip, -1 if unknown; for logging only); of
    test clips what their frames show: ``frame_inds`` (K, T), ``crop_box`` and ``flip``; of
    predictions ``map_times`` (N,) in seconds, and what a list says of the clip:
    ``start``, ``end`` and ``audio_path``.
    """

    def set_gt_label(self, label: int) -> 'AVDataSample':
        """Set the class index."""
        self.gt_label = torch.tensor([label], dtype=torch.long)
        return self

    def set_pred_score(self, score: torch.Tensor, name: str = 'pred_score') -> 'AVDataSample':
        """Set class probabilities (C,) under ``name``."""
        self.set_field(score.detach(), name)
        return self
