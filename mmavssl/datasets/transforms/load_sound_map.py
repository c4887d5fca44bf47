"""Localization maps that were computed before."""

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.transforms import BaseTransform
from torch import Tensor

from mmavssl.registry import TRANSFORMS
from mmavssl.structures.map_cache import MapCache
from mmavssl.utils.errors import DataError
from mmavssl.utils.ranges import check_counts


@TRANSFORMS.register_module()
class LoadSoundMap(BaseTransform):
    """Add ``sound_map`` (V, T, size, size), for `PrecomputedMap`.

    Each frame gets the nearest in time of its video's maps, cut and mirrored like the frame
    itself; so it stands after crops, flips and `TWAug`. Unlike a localizer in the model, these
    maps saw the frame as it is in the file, without augmentation, and heard the sound around it.

    What made the maps is in the folder's ``info.json``. Nothing here can be compared with it but
    the clip (its path, ``start`` and ``end``) and the size of its frames; the tool compares the
    rest when it is run on the folder again.

    Args:
        folder: that ``tools/data/precompute_maps.py`` has filled.
        data_root: of the data set, which the paths of the videos begin with.
        size: rows and columns of the map.

    Raises:
        DataError: there is no such folder, or it is not complete.
    """

    def __init__(self, folder: str, data_root: str, size: int = 14) -> None:
        check_counts(size=size)
        self.cache = MapCache(folder, data_root)
        self.size = size

    def transform(self, results: dict) -> dict:
        """Look the maps up.

        Raises:
            DataError: the cache does not have the clip, its frames have another size there, or
                nothing has cropped it.
        """
        if 'crop_box' not in results:
            raise DataError(
                'LoadSoundMap has to stand after a crop (`RandomScaleCrop`, `ThreeCrop`).'
            )
        row = self.cache.row(results)
        times = results['video_file'].clock.times[results['frame_inds']]
        nearest = np.abs(times[..., None] - self.cache.times[row]).argmin(axis=-1)
        crops, size = np.asarray(results['crop_box']), self.cache.sizes[row][::-1]
        if (crops[:, 2:] > size).any():
            raise DataError(
                f'{results["video_path"]} had frames of {size[0]} x {size[1]} when '
                f'{self.cache.folder} was made, and has larger ones. Make the maps anew.'
            )
        maps = torch.from_numpy(self.cache.read(row, nearest))  # (K, T, h, w)
        maps = maps.repeat_interleave(len(crops) // len(maps), dim=0)
        boxes = torch.from_numpy(crops / np.tile(size, 2))
        results['sound_map'] = cut(maps, boxes.float(), self.size, results.get('flip', False))
        return results


def cut(maps: Tensor, boxes: Tensor, size: int, flip: bool) -> Tensor:
    """Cut boxes out of maps and interpolate them bilinearly.

    Args:
        maps: (V, T, h, w), of whole frames.
        boxes: (V, 4), x1, y1, x2, y2 in shares of the frame's sides.
        size: rows and columns of the result.
        flip: whether to mirror it.

    Returns:
        (V, T, size, size).
    """
    centres = (torch.arange(size) + 0.5) / size
    across = centres.flip(0) if flip else centres
    x = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * across
    y = boxes[:, 1:2] + (boxes[:, 3:] - boxes[:, 1:2]) * centres
    grid = torch.stack(
        [x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], dim=-1
    )
    return F.grid_sample(
        maps, 2 * grid - 1, mode='bilinear', padding_mode='border', align_corners=False
    )
