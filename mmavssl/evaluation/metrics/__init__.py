from mmavssl.evaluation.metrics.multi_view_accuracy import MultiViewAccuracy

__all__ = ['MultiViewAccuracy']
