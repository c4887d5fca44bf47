from mmavssl.models.data_preprocessors.av_data_preprocessor import AVDataPreprocessor

__all__ = ['AVDataPreprocessor']
