"""Checkpoints of localizers that say what the network hears."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.structures.trained_input import KEY, check_trained_input


@HOOKS.register_module()
class LocalizerInputHook(Hook):
    """Write the ``audio_input`` of a `LocalizerTrainer` into ``meta``, and compare on loading.

    The networks for log-mels and for spectrograms have the same tensors, so that a checkpoint of
    one loads into the other. The state dict stays as it is.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Say what the localizer hears."""
        audio_input = audio_input_of(runner)
        if audio_input is not None:
            checkpoint['meta'][KEY] = audio_input

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare what a checkpoint says, if it says it.

        Raises:
            ConfigError: the localizer of the config hears something else.
        """
        audio_input = audio_input_of(runner)
        if audio_input is not None:
            check_trained_input(checkpoint, audio_input, 'The checkpoint')


def audio_input_of(runner: Runner) -> str | None:
    """Return what the localizer that a Runner trains or tests hears; None if there is none."""
    model = algorithm_of(runner)
    return getattr(model, 'audio_input', None)
