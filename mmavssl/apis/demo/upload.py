"""Is an upload a clip that the demo page takes?"""

from dataclasses import dataclass
from math import inf
from pathlib import Path

from mmavssl.datasets.preparation.probe import probe_file
from mmavssl.utils.errors import ConfigError, DataError

MEGABYTE = 2**20


@dataclass(frozen=True)
class UploadLimits:
    """What is too much for the page.

    Attributes:
        megabytes: size of a file.
        seconds: length of its picture, and of its sound.
        pixels: of a frame.

    Raises:
        ConfigError: a limit that no clip keeps, or that is none.
    """

    megabytes: float = 50
    seconds: float = 60
    pixels: int = 4096 * 2304

    def __post_init__(self) -> None:
        for name in ('megabytes', 'seconds'):
            value = getattr(self, name)
            if not 0 < value < inf:
                raise ConfigError(f'--max-{name} {value:g}: expected a positive number.')


def check_upload(path: str | Path, limits: UploadLimits, needs_sound: bool) -> None:
    """Raise unless a file is a clip within the limits; nothing but its beginning is decoded.

    Args:
        path: of the file.
        limits: of the page.
        needs_sound: whether the model hears.

    Raises:
        DataError: says in one sentence, by the name of the file alone, what is wrong with it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size / MEGABYTE
    except FileNotFoundError as error:  # the page keeps uploads for minutes
        raise DataError(f'{path.name} is no longer kept by this page. Send it again.') from error
    if size > limits.megabytes:
        raise DataError(
            f'{path.name} has {size:.0f} MB, and this page takes {limits.megabytes:g} MB. Cut a '
            'piece out of it.'
        )
    found = probe_file(str(path.parent), path.name)
    if found.problem:
        raise DataError(f'{path.name} cannot be used: {found.problem}')
    if not found.frames or not found.width:
        raise DataError(f'{path.name} has no picture. Send a video.')
    if found.width * found.height > limits.pixels:
        raise DataError(
            f'{path.name} has frames of {found.width} x {found.height}. Scale them down.'
        )
    duration = max(found.duration, found.audio_duration)
    if duration > limits.seconds:
        raise DataError(
            f'{path.name} lasts {duration:.0f} s, and this page takes {limits.seconds:g} s. '
            'Cut a piece out of it.'
        )
    if needs_sound and found.sound_problem:
        raise DataError(
            f'{path.name}: {found.sound_problem}. This model listens: send a clip with sound.'
        )
