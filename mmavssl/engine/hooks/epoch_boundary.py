"""Epochs that have a length, and end with an optimizer step."""

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from mmavssl.engine.runner_parts import optim_wrappers
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

REMAINDERS = ('step', 'discard')


@HOOKS.register_module()
class EpochBoundaryHook(Hook):
    """Keep what is counted in epochs true: warm-up, checkpoints, accumulated gradients.

    Gradients accumulate within an epoch alone. The last optimizer step of an epoch takes what is
    left, so a checkpoint misses no gradient and a resumed run repeats an uninterrupted one. In
    MMEngine they accumulate across the end of an epoch, and resuming loses them.

    The warning that MMEngine logs on resuming at an iteration which ``accumulative_counts`` does
    not divide is therefore without object.

    Args:
        remainder: gradients of the last iterations of an epoch that are too few for a step:
            ``step`` makes one of their mean; ``discard`` throws them away, as SVFormer's code
            does.

    Raises:
        ValueError: unknown ``remainder``.
    """

    priority = 'VERY_HIGH'

    def __init__(self, remainder: str = 'step') -> None:
        if remainder not in REMAINDERS:
            raise ValueError(
                f'Expected `remainder` to be one of {REMAINDERS}, but got {remainder!r}.'
            )
        self.remainder = remainder

    def before_train(self, runner: Runner) -> None:
        """Refuse to train without epochs or steps; see `check_epochs`.

        Raises:
            ConfigError: no epochs, empty ones, or ones without any optimizer step.
        """
        check_epochs(runner)
        length = len(runner.train_dataloader)
        for part in optim_wrappers(runner):
            if self.remainder == 'discard' and length < part._accumulative_counts:
                raise ConfigError(
                    f'optim_wrapper.accumulative_counts: {part._accumulative_counts} iterations '
                    f'make an optimizer step, but an epoch has {length}, and '
                    "EpochBoundaryHook(remainder='discard') throws them away. Lower it, or set "
                    "default_hooks.epoch_boundary.remainder='step'."
                )

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin to count towards the next optimizer step anew, or where a checkpoint was made.

        Checkpoints within an epoch are made after an optimizer step (`SafeCheckpointHook`).
        """
        length = len(runner.train_dataloader)
        last = -1 if self.remainder == 'discard' else length
        done = runner.iter - runner.epoch * length
        for part in optim_wrappers(runner):
            # MMEngine looked at the model's batch norms when training began; once is enough.
            part.initialize_count_status(nn.Identity(), done, last)
            part.zero_grad()


def check_epochs(runner: Runner) -> None:
    """Raise if training has no epochs, or empty ones.

    `tools/train.py` calls it before the Runner builds schedulers, which fail on empty epochs with
    less to say.

    Raises:
        ConfigError: another loop than one by epochs, or fewer clips than one batch has.
    """
    loop = runner.train_loop
    if not isinstance(loop, EpochBasedTrainLoop):
        raise ConfigError(
            f'train_cfg.type: {type(loop).__name__} has no epochs, in which warm-up counts. Use '
            "'EpochBasedTrainLoop'; an epoch can be any number of iterations "
            '(`train_dataloader.sampler.epoch_over` or `epoch_size`).'
        )
    loader = loop.dataloader
    if len(loader) == 0:
        raise ConfigError(
            f'train_dataloader.batch_size: {loader.batch_size} is more than the '
            f'{len(loader.sampler)} clips that an epoch has on this rank, so there would be no '
            'iteration. Lower it, or raise `train_dataloader.sampler.epoch_size`.'
        )
