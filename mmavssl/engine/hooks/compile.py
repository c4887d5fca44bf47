"""Let torch.compile fuse what parts of a model do."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile modules in place when training begins; names in checkpoints stay as they are.

    Each is one graph without breaks (``fullgraph``), made at its first batch, which takes minutes;
    batches of other sizes, as in validation, take another one.

    Args:
        modules: names in the model, such as ``student.backbone``.
        options: of ``torch.compile``, such as ``mode='max-autotune'``.

    Raises:
        ConfigError: the model has no such module.
    """

    priority = 'VERY_LOW'  # of what other hooks have made of the model

    def __init__(self, modules: Sequence[str], options: dict[str, Any] | None = None) -> None:
        self.modules = list(modules)
        self.options = {'fullgraph': True, **(options or {})}

    def before_train(self, runner: Runner) -> None:
        """Let the modules be compiled at their first call."""
        model = algorithm_of(runner)
        for name in self.modules:
            try:
                module = model.get_submodule(name)
            except AttributeError as error:
                raise ConfigError(
                    f'CompileHook.modules: {type(model).__name__} has no {name} ({error}).'
                ) from error
            module.compile(**self.options)
