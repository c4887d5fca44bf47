"""What a Runner holds, without what wraps it."""

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn


def algorithm_of(runner: Runner) -> nn.Module:
    """Return the model of a config, which several processes wrap (DDP, FSDP)."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def optim_wrappers(runner: Runner) -> list[OptimWrapper]:
    """Return the optimizer wrappers; MMEngine's dict of them passes nothing on."""
    wrapper = runner.optim_wrapper
    return list(wrapper.values()) if isinstance(wrapper, OptimWrapperDict) else [wrapper]
