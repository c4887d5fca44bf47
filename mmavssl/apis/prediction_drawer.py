"""Draw what was predicted of a file into a video of it."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement

from mmavssl.apis.inference_inputs import ClipInput, OpenInput, open_input
from mmavssl.apis.inference_pipeline import Failure
from mmavssl.apis.prediction_videos import played_prediction
from mmavssl.apis.predictions import describe
from mmavssl.apis.sound_maps import SoundMaps
from mmavssl.utils.errors import DataError
from mmavssl.visualization.prediction_video import save_prediction_video

#: Bars in a video.
SHOWN_CLASSES = 5


class PredictionDrawer:
    """Localizes what is heard in a video, and draws that with the prediction.

    Args:
        opener: of the files, and of their sound if they have some.
        classes: names of the classes, if known.
        sound_maps: what localizes, or None.
        files: video to write of each input; None: none is written.
    """

    def __init__(
        self,
        opener: OpenInput,
        classes: Sequence[str] | None,
        sound_maps: SoundMaps | None = None,
        files: Sequence[Path] | None = None,
    ) -> None:
        self.opener, self.classes, self.sound_maps = opener, classes, sound_maps
        self.files = files

    def draw_all(
        self, clips: Sequence[ClipInput], preds: Sequence[BaseDataElement | Failure]
    ) -> list[str | None]:
        """Draw the predictions of some inputs; the log names those that cannot be drawn.

        Args:
            clips: the inputs.
            preds: what became of each.

        Returns:
            Path of the video of each prediction, None where it cannot be written; empty where
            none is to be.
        """
        written = []
        for clip, pred in zip(clips, preds, strict=True):
            if not isinstance(pred, Failure):
                file = self.files[pred.sample_idx] if self.files else None
                written.append(self._drawn(clip, pred, file))
        return written if self.files else []

    def _drawn(
        self, clip: ClipInput, sample: BaseDataElement, file: Path | None
    ) -> str | None:
        try:
            self(clip, sample, file)
        except DataError as error:
            print_log(
                f'{error} There is no video of this prediction.',
                logger='current',
                level=logging.WARNING,
            )
            return None
        return file and str(file)

    def __call__(self, clip: ClipInput, sample: BaseDataElement, file: Path | None) -> None:
        """Add ``sound_map`` (K, h, w) and ``map_times`` to a prediction, and write its video.

        Args:
            clip: what was predicted.
            sample: the prediction.
            file: video to write, or None.

        Raises:
            DataError: the file cannot be read, or the video not be written.
        """
        results = open_input(self.opener, clip)
        maps = None
        if self.sound_maps is not None:
            maps = self.sound_maps(results)
            sample.set_field(torch.from_numpy(maps[0]), 'sound_map')
            sample.set_metainfo({'map_times': maps[1]})
        if file is not None:
            best = describe(sample, self.classes, SHOWN_CLASSES)['topk']
            top = [(each['class'], each['score']) for each in best]
            save_prediction_video(file, played_prediction(results, top, maps))
