"""Give the optimizer the student's parameters and nothing else."""

from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn

from mmavssl.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class StudentOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Build the optimizer over ``model.student``.

    MMEngine's default would also list the teacher and the frozen localizer, which have no
    gradients but would fill the checkpoint's optimizer state and the log. Keys of
    ``paramwise_cfg`` are relative to the student.
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the optimizer wrapper.

        Raises:
            ValueError: the model has no ``student``.
        """
        if is_model_wrapper(model):
            model = model.module
        if not hasattr(model, 'student'):
            raise ValueError(
                f'Expected a model with a `student`, but got {type(model).__name__}. Drop '
                '`constructor` from `optim_wrapper` to optimize all parameters.'
            )
        return super().__call__(model.student)
