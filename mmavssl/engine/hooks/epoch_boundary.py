"""Epochs that have a length, and end with an optimizer step."""

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError


@HOOKS.register_module()
class EpochBoundaryHook(Hook):
    """Keep what is counted in epochs true: warm-up, checkpoints, accumulated gradients.

    Gradients accumulate within an epoch alone. The last optimizer step of an epoch takes what is
    left, so a checkpoint misses no gradient and a resumed run repeats an uninterrupted one. In
    MMEngine they accumulate across the end of an epoch, and resuming loses them. (SVFormer's code
    throws away what is left.)

    The warning that MMEngine logs on resuming at an iteration which ``accumulative_counts`` does
    not divide is therefore without object.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Refuse to train without epochs, or with empty ones; see `check_epochs`."""
        check_epochs(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin to count towards the next optimizer step anew."""
        wrapper = runner.optim_wrapper
        # MMEngine's dict of wrappers passes nothing on.
        for part in wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]:
            # MMEngine looked at the model's batch norms when training began; once is enough.
            part.initialize_count_status(nn.Identity(), 0, len(runner.train_dataloader))


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
