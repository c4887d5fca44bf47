"""Epochs that have a length, and end with an optimizer step."""

from mmengine.hooks import Hook
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
        """Refuse to train without epochs, or with empty ones.

        Raises:
            ConfigError: another loop than one by epochs, or fewer clips than one batch has.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ConfigError(
                f'train_cfg.type: {type(runner.train_loop).__name__} has no epochs, in which '
                "warm-up counts. Use 'EpochBasedTrainLoop'; an epoch can be any number of "
                'iterations (`train_dataloader.sampler.epoch_over` or `epoch_size`).'
            )
        loader = runner.train_dataloader
        if len(loader) == 0:
            raise ConfigError(
                f'train_dataloader.batch_size: {loader.batch_size} is more than the '
                f'{len(loader.sampler)} clips that an epoch has on this rank, so there would be '
                'no iteration. Lower it, or raise `train_dataloader.sampler.epoch_size`.'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin to count towards the next optimizer step anew."""
        # MMEngine looked at the model's batch norms when training began; once is enough.
        runner.optim_wrapper.initialize_count_status(
            nn.Identity(), 0, len(runner.train_dataloader)
        )
