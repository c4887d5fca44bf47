from mmavssl.models.data_preprocessors.av_data_preprocessor import AVDataPreprocessor
from mmavssl.models.data_preprocessors.build import build_preprocessor

__all__ = ['AVDataPreprocessor', 'build_preprocessor']
