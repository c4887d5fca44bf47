"""What a checkpoint says of clips of the test list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmavssl.apis.clip_classifier import ClipClassifier
from mmavssl.apis.mask_clips import open_test_list
from mmavssl.evaluation.functional.accuracy import confusion_matrix, predicted_class
from mmavssl.utils.progress import followed, progress_bar


@dataclass(frozen=True)
class TestedClip:
    """One clip of the test list.

    Attributes:
        name: of its file.
        label: its class.
        probs: (C,) probabilities.
        frames: uint8 (T, H, W, 3).
    """

    __test__ = False  # no test of pytest

    name: str
    label: int
    probs: np.ndarray
    frames: np.ndarray

    @property
    def predicted(self) -> int:
        """The most likely class; C where a probability is not a number."""
        return int(predicted_class(torch.from_numpy(self.probs)[None]))

    @property
    def is_right(self) -> bool:
        """Whether that is its class."""
        return self.predicted == self.label


def choose_clips(labels: Sequence[int], count: int) -> list[int]:
    """Return the places of clips, equally many of each class as far as there are so many.

    Each class gives clips from anywhere in the list, always the same ones. The rest of a division
    falls to classes by lot.

    Args:
        labels: of all clips.
        count: of clips to choose, at most.
    """
    lot = np.random.default_rng(0).permutation(len(labels))
    taken, ranks = Counter(), []
    for place in lot:
        ranks.append(taken[labels[place]])
        taken[labels[place]] += 1
    chosen = lot[np.argsort(ranks, kind='stable')[:count]]
    return np.sort(chosen).tolist()


@torch.no_grad()
def predict_clips(
    cfg: Config, classifier: ClipClassifier, max_clips: int, progress: bool = False
) -> tuple[list[TestedClip], list[str]]:
    """Let a classifier see one view of clips of the test list, equally many of each class.

    Args:
        cfg: has the test list.
        classifier: what sees them.
        max_clips: how many.
        progress: show a bar.

    Returns:
        The clips, and the names of all classes.

    Raises:
        DataError: the list, or a clip, cannot be used.
    """
    dataset = open_test_list(cfg)
    labels = [dataset.get_data_info(index)['label'] for index in range(len(dataset))]
    places = choose_clips(labels, max_clips)
    clips = []
    with progress_bar('Predicting', len(places), shown=progress) as advance:
        for place in followed(places, advance):
            sample = dataset[place]
            video, audio = sample['inputs']['video'], sample['inputs'].get('audio')
            probs = classifier(video, audio if classifier.hears else None)[0]
            clips.append(
                TestedClip(
                    Path(sample['data_samples'].video_path).name,
                    int(sample['data_samples'].gt_label),
                    probs.numpy(),
                    video[0].permute(1, 2, 3, 0).numpy(),
                )
            )
    return clips, list(dataset.metainfo['classes'])


def confusion_of(clips: list[TestedClip]) -> Tensor:
    """Return counts (C, C + 1) by true and predicted class, see `confusion_matrix`."""
    labels, predicted = torch.tensor([(clip.label, clip.predicted) for clip in clips]).unbind(1)
    return confusion_matrix(labels, predicted, len(clips[0].probs))


def examples(clips: list[TestedClip], count: int) -> tuple[list[TestedClip], list[TestedClip]]:
    """Return right predictions, the least sure first, and wrong ones, the surest first.

    Those whose probabilities are not numbers are neither: there is no class to show.
    """
    clips = [clip for clip in clips if not np.isnan(clip.probs).any()]
    right = [clip for clip in clips if clip.is_right]
    wrong = [clip for clip in clips if not clip.is_right]
    right.sort(key=lambda clip: clip.probs.max())
    wrong.sort(key=lambda clip: -clip.probs.max())
    return right[:count], wrong[:count]
