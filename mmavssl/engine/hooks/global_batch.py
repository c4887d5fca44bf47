"""A run that goes on takes the same clips in the same order, or does not go on."""

from typing import Any, NamedTuple

from mmengine.dist import all_gather_object, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import optim_wrappers
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

KEY = 'global_batch'
ANEW = 'or begin anew with its weights (load_from, without --resume).'


class GlobalBatch(NamedTuple):
    """What decides which clips an iteration and an optimizer step take, over all processes.

    Attributes:
        world_size: processes.
        batch_size: clips of an iteration of one process.
        accumulative_counts: iterations of an optimizer step.
        epoch_length: iterations of an epoch; None in a checkpoint that does not say it.
        seed: of the order.
        in_blocks: whether each process has a stretch of the order of its own.
    """

    world_size: int
    batch_size: int
    accumulative_counts: int
    epoch_length: int | None = None
    seed: int | None = None
    in_blocks: bool = False

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
        samplers = [loader.sampler, getattr(loader.batch_sampler, 'sampler', None)]
        seeds = [seed for each in samplers if (seed := getattr(each, 'seed', None)) is not None]
        in_blocks = any(getattr(each, 'blocks', None) is not None for each in samplers)
        seed = seeds[0] if seeds else None
        return cls(get_world_size(), size, counts, len(loader), seed, in_blocks)


@HOOKS.register_module()
class GlobalBatchHook(Hook):
    """Write the global batch into checkpoints, and compare it where a run goes on.

    Batch size times processes is the global batch; the sampler cuts it out of one order for all
    processes. As long as it stays the same, another number of processes sees the same global
    batches in the same order, and epochs, iterations and learning rates mean the same; only the
    random numbers of the model are drawn per process, so that masks and mixing ratios are others.
    A global batch of another size would change all of these without a word, as would a list of
    another length or another seed, and is refused.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Say what the run's batch is."""
        checkpoint['meta'][KEY] = dict(GlobalBatch.of(runner)._asdict())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Compare where a run goes on; a checkpoint that only gives weights may be of any.

        Raises:
            ConfigError: other clips would come; it says what to set.
        """
        saved = (checkpoint.get('meta') or {}).get(KEY)
        if not runner._resume or saved is None:
            return
        check_same(GlobalBatch(**saved), GlobalBatch.of(runner))

    def before_train(self, runner: Runner) -> None:
        """Compare where the processes go on.

        Raises:
            ConfigError: they have read different checkpoints.
        """
        places = all_gather_object((runner.epoch, runner.iter))
        if len(set(places)) > 1:
            told = ', '.join(f'rank {rank}: {place}' for rank, place in enumerate(places))
            raise ConfigError(
                f'The processes go on from different checkpoints, (epoch, iteration) {told}. '
                'Is the work dir the same for all? Name the checkpoint: --resume PATH.'
            )


def check_same(saved: GlobalBatch, now: GlobalBatch) -> None:
    """Raise unless a run may go on.

    Args:
        saved: what the checkpoint was trained with.
        now: what the run would go on with.

    Raises:
        ConfigError: an iteration or a step would take another number of clips, or other ones.
    """
    check_size(saved, now)
    if saved.epoch_length not in (None, now.epoch_length):
        raise ConfigError(
            f'The checkpoint was trained with {saved.epoch_length} iterations an epoch, but this '
            f'run has {now.epoch_length}: the lists of clips or the length of an epoch have '
            f'changed, so that the run cannot go on where it was. Go on with the old ones; {ANEW}'
        )
    if None not in (saved.seed, now.seed) and saved.seed != now.seed:
        raise ConfigError(
            f'The clips of the checkpoint came in the order of seed {saved.seed}, but this run '
            f'has {now.seed}. Set randomness.seed={saved.seed}; {ANEW}'
        )
    if (saved.in_blocks or now.in_blocks) and saved.world_size != now.world_size:
        raise ConfigError(
            f'With `block_size` the order of clips depends on the number of processes: the '
            f'checkpoint had {saved.world_size}, this run has {now.world_size}. Use '
            f'{saved.world_size}; {ANEW}'
        )


def check_size(saved: GlobalBatch, now: GlobalBatch) -> None:
    """Raise unless iterations and steps take equally many clips; arguments as in `check_same`.

    Raises:
        ConfigError: they do not; it says what to set.
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
        f'something else. {advice}; {ANEW}'
    )
