"""Move the teacher after each optimizer step."""

import logging

from mmengine.hooks import Hook
from mmengine.hooks.hook import DATA_BATCH
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

OCCASIONS = ('step', 'iteration')
TEACHER_CONTRACT = ('student', 'teacher', 'teacher_steps', 'sync_teacher', 'update_teacher')


@HOOKS.register_module()
class EMATeacherHook(Hook):
    """Make the teacher the exponential moving average of the student.

    The algorithm owns both networks and the arithmetic (``update_teacher``); the hook says when:
    once per optimizer step, so the decay means the same whatever ``accumulative_counts`` is. A new
    run starts from a teacher that equals the initialized student; a resumed one keeps its teacher.
    A step that an fp16 loss scaler skips for an overflow counts as a step.

    Args:
        momentum: 1 - decay, in (0, 1]: ``teacher = (1 - momentum) * teacher + momentum *
            student``. 0.01 is what SSL papers call a decay of 0.99.
        warmup: use ``max(momentum, 1 / (steps + 1))`` with ``steps`` from 1 on, as Mean Teacher
            does (decay ``min(1 - 1 / (steps + 1), decay)``): a plain average of the students at
            first.
        every: ``step``: move once per optimizer step; ``iteration``: also after the iterations
            that only accumulate gradients, as SVFormer's code does.

    Raises:
        ValueError: momentum out of range, or unknown ``every``.
    """

    priority = 'NORMAL'

    def __init__(self, momentum: float = 0.01, warmup: bool = False, every: str = 'step') -> None:
        if every not in OCCASIONS:
            raise ValueError(f'Expected `every` to be one of {OCCASIONS}, but got {every!r}.')
        if not 0 < momentum <= 1:
            raise ValueError(
                f'Expected `momentum` (= 1 - decay) to be in (0, 1], but got {momentum!r}.'
            )
        if 0.5 < momentum < 1:  # with 1, the teacher is the student
            print_log(
                f'EMATeacherHook: momentum {momentum} makes the teacher follow the student almost '
                'at once. It is 1 - decay: write 0.01 for a decay of 0.99.',
                logger='current',
                level=logging.WARNING,
            )
        self.momentum = momentum
        self.warmup = warmup
        self.every = every
        self.steps = 0

    def before_train(self, runner: Runner) -> None:
        """Copy the student into a teacher that has never been moved.

        Raises:
            ConfigError: the model has no teacher.
        """
        model = algorithm_of(runner)
        missing = [name for name in TEACHER_CONTRACT if not hasattr(model, name)]
        if missing:
            raise ConfigError(
                f'EMATeacherHook needs a model with a teacher, but {type(model).__name__} has no '
                f'{", ".join(missing)}. Take the hook out of `custom_hooks`.'
            )
        self.steps = int(model.teacher_steps)
        if self.steps == 0:
            model.sync_teacher()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: DATA_BATCH = None,
        outputs: dict | None = None,
    ) -> None:
        """Move the teacher if this iteration ended with an optimizer step, or in any case."""
        if self.every == 'step' and not runner.optim_wrapper.should_update():
            return
        model = algorithm_of(runner)
        self.steps += 1
        model.update_teacher(self.current_momentum())

    def current_momentum(self) -> float:
        """Return the momentum of the step that was just made."""
        return max(self.momentum, 1 / (self.steps + 1)) if self.warmup else self.momentum
