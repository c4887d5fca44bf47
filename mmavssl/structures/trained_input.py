"""What a localizer heard in training, as its checkpoint says."""

from collections.abc import Mapping
from typing import Any

from mmavssl.utils.errors import ConfigError

#: Where a checkpoint of `LocalizerTrainer` says it: ``checkpoint['meta'][KEY]``.
KEY = 'audio_input'
#: Official checkpoints of FNAC and EZ-VSL do not say it; their tensors are under this key.
OFFICIAL_KEY = 'model'
TRANSFORMS = {'logmel': '`LogMel()`', 'spectrogram': '`LogSpectrogram()`'}


def trained_input(checkpoint: Mapping[str, Any]) -> str | None:
    """Return the ``audio_input`` of the network in a checkpoint; None where it does not say.

    >>> trained_input({'state_dict': {}, 'meta': {'audio_input': 'logmel'}})
    'logmel'
    >>> trained_input({'model': {}, 'epoch': 3})
    'spectrogram'
    """
    meta = checkpoint.get('meta')
    if isinstance(meta, Mapping) and meta.get(KEY):
        return meta[KEY]
    return 'spectrogram' if isinstance(checkpoint.get(OFFICIAL_KEY), Mapping) else None


def check_trained_input(checkpoint: Mapping[str, Any], audio_input: str, file: str) -> None:
    """Raise where a network was trained on something else than it would hear.

    Args:
        checkpoint: what is in the file.
        audio_input: of the localizer that takes its tensors.
        file: its name, for the message.

    Raises:
        ConfigError: says what to set.
    """
    trained = trained_input(checkpoint)
    if trained in (None, audio_input):
        return
    raise ConfigError(
        f'{file} was trained with `audio_input`={trained!r}, but the localizer has '
        f'{audio_input!r}: what it hears would mean nothing to it. Set its '
        f'`audio_input={trained!r}` and add {TRANSFORMS.get(trained, "what makes it")} to the '
        'pipeline.'
    )
