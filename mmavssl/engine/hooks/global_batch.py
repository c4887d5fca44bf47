"""A run that goes on with other processes keeps its global batch, or does not go on."""

from typing import Any, NamedTuple

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import optim_wrappers
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

KEY = 'global_batch'


class GlobalBatch(NamedTuple):
    """How many clips an iteration and an optimizer step take, over all processes."""

    world_size: int
    batch_size: int
    accumulative_counts: int

    @property
    def clips(self) -> int:
        """Clips of an iteration over all processes."""
        return self.world_size * self.batch_size

    @classmethod
    def of(cls, runner: Runner) -> 'GlobalBatch':
        """Return that of a run."""
        loader = runner.train_dataloader
        size = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', 1)
        counts = max(part._accumulative_counts for part in optim_wrappers(runner))
        return cls(get_world_size(), size, counts)


@HOOKS.register_module()
class GlobalBatchHook(Hook):
    """Write the global batch into checkpoints, and compare it where a run goes on.

    Batch size times processes is the global batch; the sampler cuts it out of one order for all
    processes. As long as it stays the same, another number of processes sees the same global
    batches in the same order, and epochs, iterations and learning rates mean the same; only the
    random numbers of the model are drawn per process, so that masks and mixing ratios are others.
    A global batch of another size would change all of these without a word, and is refused.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Say what the run's batch is."""
        checkpoint['meta'][KEY] = dict(GlobalBatch.of(runner)._asdict())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Compare where a run goes on; a checkpoint that only gives weights may be of any.

        Raises:
            ConfigError: another global batch; it says what to set.
        """
        saved = (checkpoint.get('meta') or {}).get(KEY)
        if not runner._resume or saved is None:
            return
        check_same(GlobalBatch(**saved), GlobalBatch.of(runner))


def check_same(saved: GlobalBatch, now: GlobalBatch) -> None:
    """Raise unless a run may go on.

    Args:
        saved: what the checkpoint was trained with.
        now: what the run would go on with.

    Raises:
        ConfigError: an iteration or a step would take another number of clips.
    """
    if (saved.clips, saved.accumulative_counts) == (now.clips, now.accumulative_counts):
        return
    if saved.clips % now.world_size:
        numbers = [n for n in range(1, saved.clips + 1) if saved.clips % n == 0]
        advice = f'Use a number of processes that divides it: {", ".join(map(str, numbers))}'
    else:
        advice = (
            f'Set train_dataloader.batch_size={saved.clips // now.world_size} and '
            f'optim_wrapper.accumulative_counts={saved.accumulative_counts}'
        )
    raise ConfigError(
        f'The checkpoint was trained with {saved.clips} clips an iteration ({saved.world_size} '
        f'processes of {saved.batch_size}, {saved.accumulative_counts} iterations a step), but '
        f'this run has {now.clips} ({now.world_size} of {now.batch_size}, '
        f'{now.accumulative_counts} a step), with which its epochs and learning rates mean '
        f'something else. {advice}; or begin anew with its weights (load_from, without --resume).'
    )
