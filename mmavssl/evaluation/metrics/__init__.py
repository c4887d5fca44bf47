from mmavssl.evaluation.metrics.localization_metric import LocalizationMetric
from mmavssl.evaluation.metrics.multi_view_accuracy import MultiViewAccuracy

__all__ = ['LocalizationMetric', 'MultiViewAccuracy']
