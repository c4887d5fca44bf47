"""What is told of a training run on one page."""

from mmavssl.apis.report.make_report import make_report

__all__ = ['make_report']
