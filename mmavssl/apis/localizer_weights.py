"""Where a frozen localizer's weights come from: the run's checkpoint, or a file of their own."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from mmavssl.apis.model_front import LOCALIZER_KEY, is_untrained
from mmavssl.models.utils.fit import describe_misfit
from mmavssl.utils.errors import ConfigError


def saved_localizer(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the localizer's tensors in a checkpoint; empty where they were left out, as usual."""
    prefix = f'{LOCALIZER_KEY.removeprefix("model.")}.'
    state = checkpoint.get('state_dict', checkpoint)
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def give_weights(localizer: nn.Module, saved: Mapping[str, Tensor]) -> None:
    """Give a localizer the weights that it has in training.

    Args:
        localizer: of the config's masker.
        saved: its tensors in the run's checkpoint, if they were kept there; otherwise its
            ``init_cfg`` names their file.

    Raises:
        ConfigError: they are not there, do not fit, or are not named: what a picture calls the
            source of the sound would be random numbers.
    """
    if saved:
        problem = describe_misfit(dict(saved), localizer.state_dict())
        if problem:
            raise ConfigError(f"The checkpoint's localizer does not fit the config: {problem}.")
        localizer.load_state_dict(saved)
    elif hasattr(localizer, 'init_weights'):  # a plugin need not have any
        localizer.init_weights()
        if is_untrained(localizer):
            raise ConfigError(
                f'No map can be drawn: `{LOCALIZER_KEY}` has no `init_cfg`, and no checkpoint of '
                'a run brings its weights, so that they would be random numbers. Name its '
                'checkpoint there, or take the config that was trained with.'
            )
