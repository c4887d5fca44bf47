"""Which part of a view a localizer hears."""

from collections.abc import Mapping

from torch import Tensor

from mmavssl.utils.errors import ConfigError

#: The log-mel of the recognizer; any other ``audio_input`` is the key of an entry of the view.
LOGMEL = 'logmel'
SOURCES = {
    'spectrogram': '`LogSpectrogram()`',
    'waveform': '`PackAVInputs(keep_waveform=True)`',
    'boxes': '`LoadBoxes(boxes_file)`',
    'sound_map': '`LoadSoundMap(folder)`',
}


def localizer_audio(view: Mapping[str, Tensor], audio_input: str) -> Tensor | None:
    """Return what a localizer with that ``audio_input`` hears.

    Args:
        view: with ``audio``, ``audio_clean``, ``spectrogram`` or ``waveform``.
        audio_input: ``logmel``, which is the one without SpecAugment where there is one; or the
            key of another entry.

    Returns:
        The entry; None where a log-mel is wanted and the view has no sound at all.

    Raises:
        ConfigError: the view has no such entry.
    """
    if audio_input == LOGMEL:
        return view.get('audio_clean', view.get('audio'))
    if audio_input not in view:
        source = SOURCES.get(audio_input, 'what makes it')
        hint = '' if audio_input in SOURCES else f' The log-mel is {LOGMEL!r}, the default.'
        raise ConfigError(
            f'The localizer has `audio_input`={audio_input!r}, but the pipeline gives no '
            f'{audio_input!r}, only {", ".join(view)}. Add {source} to the pipeline that it hears '
            f'by: the views of unlabeled clips in training, the test pipeline in testing.{hint}'
        )
    return view[audio_input]
