from mmavssl.engine.optimizers.student_constructor import StudentOptimWrapperConstructor

__all__ = ['StudentOptimWrapperConstructor']
