"""Visualizer of localization maps and masks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.visualization import Visualizer
from PIL import Image

from mmavssl.registry import VISUALIZERS
from mmavssl.visualization.mask_figure import ClipPanel, draw_mask_figure


@VISUALIZERS.register_module()
class ASLVisualizer(Visualizer):
    """MMEngine's visualizer, which also draws what audio source localization does to clips.

    Takes the arguments of MMEngine's ``Visualizer``; works without backends as well.
    """

    def add_clips(self, name: str, clips: Sequence[ClipPanel], step: int = 0) -> np.ndarray:
        """Draw clips and hand the picture to the backends.

        Args:
            name: of the picture.
            clips: what to draw, see `draw_mask_figure`.
            step: training step that the backends note.

        Returns:
            RGB picture, uint8 (height, width, 3).
        """
        picture = draw_mask_figure(clips)
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
