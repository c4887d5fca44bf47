"""Which parameters are optimized, and in which precision."""

from mmavssl.engine.optimizers.autocast_optim_wrapper import AutocastOptimWrapper
from mmavssl.engine.optimizers.student_constructor import StudentOptimWrapperConstructor

__all__ = ['AutocastOptimWrapper', 'StudentOptimWrapperConstructor']
