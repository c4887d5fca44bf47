"""Give the optimizer the student's parameters and nothing else."""

from mmengine.model import is_model_wrapper
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn
from torch.optim import Optimizer

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
        wrapper = super().__call__(model.student)
        wrapper.optimizer.register_load_state_dict_post_hook(keep_implementation)
        return wrapper


def keep_implementation(optimizer: Optimizer) -> None:
    """Step as the config says, not as the run that a checkpoint is from: ``fused``, ``foreach``.

    PyTorch loads them with the state, and a fused step fails on divided parameters (FSDP).
    """
    for group in optimizer.param_groups:
        for name in ('fused', 'foreach'):
            if name in optimizer.defaults:
                group[name] = optimizer.defaults[name]
