"""Kinds of actors and of sounds."""

from dataclasses import dataclass

from mmavssl.datasets.avsprites.motions import MOTIONS
from mmavssl.datasets.avsprites.shapes import SHAPES
from mmavssl.datasets.avsprites.sounds import TIMBRES
from mmavssl.utils.errors import ConfigError


def require(condition: bool, name: str, expected: str, value: object) -> None:
    """Raise a `ConfigError` that names the parameter unless the condition holds."""
    if not condition:
        raise ConfigError(f'Expected `{name}` to be {expected}, but got {value!r}.')


@dataclass(frozen=True)
class ActorKind:
    """A kind of actor: its appearance and what it does at a sound event.

    Args:
        name: name in the class names.
        shape: key of `SHAPES`.
        hue: characteristic colour, in [0, 1) (0 red, 1/3 green, 2/3 blue).
        motion: key of `MOTIONS`.
    """

    name: str
    shape: str
    hue: float
    motion: str

    def __post_init__(self) -> None:
        require(self.shape in SHAPES, 'shape', f'one of {sorted(SHAPES)}', self.shape)
        require(self.motion in MOTIONS, 'motion', f'one of {sorted(MOTIONS)}', self.motion)
        require(0 <= self.hue < 1, 'hue', 'in [0, 1)', self.hue)


@dataclass(frozen=True)
class SoundKind:
    """A kind of sound.

    Args:
        name: name in the class names.
        timbre: key of `TIMBRES`.
        pitch: Hz, as the timbre uses it.
    """

    name: str
    timbre: str
    pitch: float

    def __post_init__(self) -> None:
        require(self.timbre in TIMBRES, 'timbre', f'one of {sorted(TIMBRES)}', self.timbre)
        require(self.pitch > 0, 'pitch', 'greater than 0', self.pitch)
