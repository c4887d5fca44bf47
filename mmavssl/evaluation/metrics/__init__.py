from mmavssl.evaluation.metrics.localization_metric import LocalizationMetric
from mmavssl.evaluation.metrics.multi_view_accuracy import MultiViewAccuracy
from mmavssl.evaluation.metrics.sound_source_metric import SoundSourceMetric

__all__ = ['LocalizationMetric', 'MultiViewAccuracy', 'SoundSourceMetric']
