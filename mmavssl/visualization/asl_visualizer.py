"""Visualizer of localization maps and masks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.visualization import Visualizer
from PIL import Image

from mmavssl.evaluation.functional.accuracy import Agreement
from mmavssl.registry import VISUALIZERS
from mmavssl.visualization.class_figures import draw_class_bars, draw_confusion
from mmavssl.visualization.mask_figure import ClipPanel, draw_mask_figure
from mmavssl.visualization.networks_figure import draw_networks


@VISUALIZERS.register_module()
class ASLVisualizer(Visualizer):
    """MMEngine's visualizer, which also draws what audio source localization does to clips.

    Takes the arguments of MMEngine's ``Visualizer``; works without backends as well.
    """

    def add_clips(
        self, name: str, clips: Sequence[ClipPanel | dict], step: int = 0
    ) -> np.ndarray:
        """Draw clips and hand the picture to the backends.

        Args:
            name: of the picture.
            clips: what to draw, see `draw_mask_figure`; panels, or their arguments.
            step: training step that the backends note.

        Returns:
            RGB picture, uint8 (height, width, 3).
        """
        panels = [ClipPanel(**clip) if isinstance(clip, dict) else clip for clip in clips]
        return self._add(name, draw_mask_figure(panels), step)

    def add_confusion(
        self, name: str, confusion: np.ndarray, classes: Sequence[str], step: int = 0
    ) -> np.ndarray:
        """Draw a confusion matrix, see `draw_confusion`, and hand the picture to the backends."""
        return self._add(name, draw_confusion(confusion, classes), step)

    def add_networks(
        self,
        name: str,
        confusions: Mapping[str, np.ndarray],
        agreement: Agreement,
        classes: Sequence[str],
        step: int = 0,
    ) -> np.ndarray:
        """Draw two networks side by side, see `draw_networks`, and hand the picture on."""
        return self._add(name, draw_networks(confusions, agreement, classes), step)

    def add_class_bars(
        self,
        name: str,
        values: Mapping[str, Sequence[float]],
        classes: Sequence[str],
        step: int = 0,
        tops: Mapping[str, float] | None = None,
    ) -> np.ndarray:
        """Draw a bar for each class, see `draw_class_bars`, and hand the picture on."""
        return self._add(name, draw_class_bars(values, classes, tops), step)

    def _add(self, name: str, picture: np.ndarray, step: int) -> np.ndarray:
        self.set_image(picture)
        self.add_image(name, picture, step)
        return picture

    @staticmethod
    def save_clips(path: str | Path, clips: Sequence[ClipPanel]) -> np.ndarray:
        """Draw clips into an image file, whose folder is made if needed; return the picture."""
        picture = draw_mask_figure(clips)
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
        return picture
