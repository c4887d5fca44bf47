"""Where what sounds is in the frames, for data sets that say so."""

from pathlib import Path

from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.structures.box_file import load_boxes
from mmavssl.structures.crop_boxes import boxes_in_crops
from mmavssl.utils.errors import DataError


@TRANSFORMS.register_module()
class LoadBoxes(BaseTransform):
    """Add ``boxes`` (V, T, 4), x1, y1, x2, y2 in shares of the crop's sides, for `Oracle`.

    Stands after crops and flips. Boxes reach beyond [0, 1] where the crop cuts them.

    Args:
        boxes_file: npz file, an array (T, 4) in pixels of the video for each frame, under the
            video's file name without ending; AVSprites has ``boxes_train.npz``.

    Raises:
        DataError: there is no such file.
    """

    def __init__(self, boxes_file: str) -> None:
        self.boxes_file = boxes_file
        self.boxes = load_boxes(boxes_file)

    def transform(self, results: dict) -> dict:
        """Place the boxes of the video.

        Raises:
            DataError: the file has no boxes of the video, or nothing has cropped it.
        """
        name = Path(results['video_path']).stem
        if name not in self.boxes:
            raise DataError(
                f'{self.boxes_file} has no boxes of {name!r} ({results["video_path"]}). Name the '
                'box file of the split that is read.'
            )
        if 'crop_box' not in results:
            raise DataError(
                'LoadBoxes has to stand after a crop (`RandomScaleCrop`, `ThreeCrop`).'
            )
        results['boxes'] = boxes_in_crops(
            self.boxes[name],
            results['frame_inds'],
            results['crop_box'],
            results.get('flip', False),
        ).float()
        return results
