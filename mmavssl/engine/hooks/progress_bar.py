"""How far training, validation and test are, at the bottom of the terminal."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.registry import HOOKS
from mmavssl.utils.progress import progress_bar
from mmavssl.utils.terminals import is_watched


@contextmanager
def shown_progress(runner: Runner) -> Iterator[None]:
    """Let a Runner show bars if somebody watches; no config and no checkpoint knows of it.

    Whatever ends the work, the bars are gone then.
    """
    if not is_watched():
        yield
        return
    hook = next((each for each in runner.hooks if isinstance(each, ProgressBarHook)), None)
    if hook is None:
        runner.register_hook(hook := ProgressBarHook())
    try:
        yield
    finally:
        hook.close()


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show how far training, validation and test are, where stderr is a terminal.

    Training is counted in iterations of the whole run; the time that is left includes
    validations. Lines of the log are above the bar. The first process alone shows something.
    `tools/train.py` and `tools/test.py` add this hook themselves.
    """

    priority = 'LOWEST'  # an iteration is done when the other hooks are

    def __init__(self) -> None:
        self.bars: list[tuple[AbstractContextManager, Callable[[], None]]] = []

    def before_train(self, runner: Runner) -> None:
        """Begin with the iterations that are still to come."""
        self._begin('Training', runner.max_iters, runner.iter)

    def before_val_epoch(self, runner: Runner) -> None:
        """Begin, in place of the bar of training."""
        self._begin('Validating', len(runner.val_dataloader))

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin."""
        self._begin('Testing', len(runner.test_dataloader))

    def _after_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Count an iteration of whatever runs."""
        if self.bars:
            self.bars[-1][1]()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Go back to the bar of training."""
        self._end()

    def after_run(self, runner: Runner) -> None:
        """Remove what is left: that of training or testing, and of a validation broken off."""
        self.close()

    def close(self) -> None:
        """Remove all bars."""
        while self.bars:
            self._end()

    def _begin(self, title: str, total: int, done: int = 0) -> None:
        bar = progress_bar(title, total, done, is_main_process())
        self.bars.append((bar, bar.__enter__()))

    def _end(self) -> None:
        bar, _ = self.bars.pop()
        bar.__exit__(None, None, None)
