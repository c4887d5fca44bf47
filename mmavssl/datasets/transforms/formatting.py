"""Turn the results of a pipeline into what the model takes."""

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torch import Tensor

from mmavssl.registry import TRANSFORMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError

FOR_LOCALIZERS = ('boxes', 'sound_map')
META_KEYS = ('sample_idx', 'source', 'video_path', 'has_audio', 'gt_for_log')
GEOMETRY_KEYS = ('clip_times', 'frame_inds', 'crop_box', 'flip')


@TRANSFORMS.register_module()
class PackAVInputs(BaseTransform):
    """Pack tensors into ``inputs`` and the rest into an `AVDataSample`.

    With views (training): ``inputs[view] = {'video': uint8 (3, T, H, W), 'audio': (T_a, F)}``,
    and ``audio_clean``, ``spectrogram``, ``boxes`` (T, 4) and ``sound_map`` (T, h, w) where the
    pipeline makes them.
    Without (testing): ``{'video': uint8 (V, 3, T, H, W), 'audio': (V, T_a, F)}`` for V views, each
    crop with the sound of its clip.

    Args:
        keep_waveform: pack ``waveform`` as well, for localizers that hear it.
    """

    def __init__(self, keep_waveform: bool = False) -> None:
        waveform = ('waveform',) if keep_waveform else ()
        self.audio_keys = ('audio', 'audio_clean', 'spectrogram', *FOR_LOCALIZERS, *waveform)

    def transform(self, results: dict) -> dict:
        """Pack the sample.

        Raises:
            ConfigError: a view of `MultiView` has more than one clip or crop.
        """
        sample = AVDataSample(metainfo={k: results[k] for k in META_KEYS if k in results})
        if 'label' in results:
            sample.set_gt_label(results['label'])
        if 'views' in results:
            views = results['views']
            inputs = {name: self._single(name, view) for name, view in views.items()}
            times = {name: view['clip_times'] for name, view in views.items()}
            sample.set_metainfo({'clip_times': times})
        else:
            inputs = self._stacked(results)
            sample.set_metainfo({k: results[k] for k in GEOMETRY_KEYS if k in results})
        return {'inputs': inputs, 'data_samples': sample}

    def _single(self, name: str, view: dict) -> dict[str, Tensor]:
        tensors = self._stacked(view)
        if len(tensors['video']) != 1:
            raise ConfigError(
                f'The view {name!r} has {len(tensors["video"])} clips or crops, but a training '
                'view is one: set num_clips=1, and crop with RandomScaleCrop or CenterCrop.'
            )
        return {name: tensor[0] for name, tensor in tensors.items()}

    def _stacked(self, view: dict) -> dict[str, Tensor]:
        num_frames = view['frame_inds'].shape[1]
        imgs = view['imgs'].reshape(-1, num_frames, *view['imgs'].shape[1:])
        video = torch.from_numpy(channels_first(imgs))
        tensors = {'video': video}
        for name in self.audio_keys:
            if name in view:
                audio = torch.as_tensor(view[name])
                crops = len(video) // len(audio)
                tensors[name] = audio.repeat_interleave(crops, dim=0)
        return tensors


def channels_first(clips: np.ndarray) -> np.ndarray:
    """Return clips (V, 3, T, H, W) of clips (V, T, H, W, 3), uint8, in a sixth of NumPy's time."""
    num_clips, num_frames, height, width, channels = clips.shape
    out = np.empty((num_clips, channels, num_frames, height, width), np.uint8)
    rows = np.ascontiguousarray(clips).reshape(num_clips, num_frames * height, width, channels)
    for clip, planes in zip(rows, out.reshape(*out.shape[:2], -1, width), strict=True):
        cv2.split(clip, list(planes))
    return out
