from mmavssl.datasets.transforms.audio_aug import LogMel, SpecAugment
from mmavssl.datasets.transforms.bicubic import BicubicRandomCrop, BicubicResize
from mmavssl.datasets.transforms.color_jitter import ColorJitter
from mmavssl.datasets.transforms.formatting import PackAVInputs
from mmavssl.datasets.transforms.frame_and_sound import LoadFrameAndSound
from mmavssl.datasets.transforms.load_boxes import LoadBoxes
from mmavssl.datasets.transforms.load_sound_map import LoadSoundMap
from mmavssl.datasets.transforms.loading import LoadAVClip, OpenAVFile
from mmavssl.datasets.transforms.log_spectrogram import LogSpectrogram
from mmavssl.datasets.transforms.rand_augment import RandAugment
from mmavssl.datasets.transforms.sampling import SampleClip, SampleSegments
from mmavssl.datasets.transforms.spatial import CenterCrop, Flip, RandomScaleCrop, ThreeCrop
from mmavssl.datasets.transforms.spectrogram_mask import SpectrogramMask
from mmavssl.datasets.transforms.temporal_gradient import (
    PairFrames,
    TakeFrames,
    TemporalGradient,
)
from mmavssl.datasets.transforms.tw_aug import TWAug
from mmavssl.datasets.transforms.views import MultiView
from mmavssl.datasets.transforms.whole_frame import WholeFrame

__all__ = [
    'BicubicRandomCrop',
    'BicubicResize',
    'CenterCrop',
    'ColorJitter',
    'Flip',
    'LoadAVClip',
    'LoadBoxes',
    'LoadFrameAndSound',
    'LoadSoundMap',
    'LogMel',
    'LogSpectrogram',
    'MultiView',
    'OpenAVFile',
    'PackAVInputs',
    'PairFrames',
    'RandAugment',
    'RandomScaleCrop',
    'SampleClip',
    'SampleSegments',
    'SpecAugment',
    'SpectrogramMask',
    'TWAug',
    'TakeFrames',
    'TemporalGradient',
    'ThreeCrop',
    'WholeFrame',
]
