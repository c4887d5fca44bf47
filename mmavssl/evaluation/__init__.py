"""Metrics."""

from mmavssl.evaluation import metrics

__all__ = ['metrics']
