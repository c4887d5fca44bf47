"""Student and teacher of a checkpoint, which see the same clips."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.config import Config
from torch import Tensor

from mmavssl.apis.clip_classifier import ClipClassifier, load_classifier
from mmavssl.apis.report.tested_clips import TestedClip
from mmavssl.apis.tested_data import default_network
from mmavssl.utils.checkpoints import parameter_shapes
from mmavssl.utils.roles import ROLES


class TestedNetworks:
    """Classifiers that all see what one of them is asked, so that each clip is read once.

    Args:
        classifiers: by role.
        role: of the one that answers.
    """

    __test__ = False  # no test of pytest

    def __init__(self, classifiers: Mapping[str, ClipClassifier], role: str) -> None:
        self.classifiers = classifiers
        self.role = role
        self.probs: dict[str, list[np.ndarray]] = {name: [] for name in classifiers}

    @property
    def hears(self) -> bool:
        """Whether they need sound."""
        return self.classifiers[self.role].hears

    def __call__(self, video: Tensor, audio: Tensor | None = None) -> Tensor:
        """Return the probabilities (1, C) of a clip, and keep those of all networks."""
        answers = {name: each(video, audio) for name, each in self.classifiers.items()}
        for name, probs in answers.items():
            self.probs[name].append(probs[0].numpy())
        return answers[self.role]

    def seen_by(self, clips: list[TestedClip]) -> dict[str, list[TestedClip]]:
        """Return the clips, in the order in which they were asked, as each network sees them."""
        return {
            name: [replace(clip, probs=own) for clip, own in zip(clips, probs, strict=True)]
            for name, probs in self.probs.items()
        }


def load_networks(cfg: Config, checkpoint: Path) -> TestedNetworks:
    """Load student and teacher, or the one there is; the one that the config tests answers.

    Raises:
        ConfigError: the checkpoint does not fit the config.
    """
    role = default_network(cfg)
    held = {name.split('.')[0] for name in parameter_shapes(str(checkpoint))}
    roles = [name for name in ROLES if name == role or name in held]
    classifiers = {name: load_classifier(cfg, checkpoint, name)[0] for name in roles}
    return TestedNetworks(classifiers, role)
