"""What an AVSprites data set consists of: kinds of actors and sounds, clip format, difficulty."""

from dataclasses import dataclass, field

from mmavssl.datasets.avsprites.motions import MOTIONS
from mmavssl.datasets.avsprites.shapes import SHAPES
from mmavssl.datasets.avsprites.sounds import LEAD_SECONDS, TAIL_SECONDS, TIMBRES
from mmavssl.utils.errors import ConfigError

MIN_EVENT_PERIOD = 0.3
APPEARANCES = ('colour', 'shape')
DISTRACTOR_MOTIONS = ('drift', 'slow', 'events')


def _require(condition: bool, name: str, expected: str, value: object) -> None:
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
        _require(self.shape in SHAPES, 'shape', f'one of {sorted(SHAPES)}', self.shape)
        _require(self.motion in MOTIONS, 'motion', f'one of {sorted(MOTIONS)}', self.motion)
        _require(0 <= self.hue < 1, 'hue', 'in [0, 1)', self.hue)


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
        _require(self.timbre in TIMBRES, 'timbre', f'one of {sorted(TIMBRES)}', self.timbre)
        _require(self.pitch > 0, 'pitch', 'greater than 0', self.pitch)


@dataclass(frozen=True)
class ClipFormat:
    """Geometry of every clip.

    Args:
        size: side of the square frame in pixels, even (4:2:0 chroma), at least 32.
        fps: frames a second.
        seconds: duration; long enough for ``num_events``.
        sample_rate: of the audio, in Hz.
        num_events: least and greatest number of sound events in a clip.
    """

    size: int = 80
    fps: int = 16
    seconds: float = 3.0
    sample_rate: int = 16000
    num_events: tuple[int, int] = (3, 6)

    def __post_init__(self) -> None:
        _require(self.size >= 32 and self.size % 2 == 0, 'size', 'even and >= 32', self.size)
        _require(self.fps >= 1, 'fps', '>= 1', self.fps)
        low, high = self.num_events
        _require(1 <= low <= high, 'num_events', '(low, high), 1 <= low <= high', self.num_events)
        need = LEAD_SECONDS + TAIL_SECONDS + MIN_EVENT_PERIOD * high
        _require(self.seconds >= need, 'seconds', f'>= {need:g} for {high} events', self.seconds)

    @property
    def num_frames(self) -> int:
        """Number of frames T."""
        return round(self.seconds * self.fps)

    @property
    def num_samples(self) -> int:
        """Number of audio samples, of the same duration as the frames."""
        return round(self.num_frames / self.fps * self.sample_rate)


@dataclass(frozen=True)
class Difficulty:
    """What makes the clips easy or hard.

    Args:
        appearance: ``'colour'``: every kind of actor has its own shape and colour; ``'shape'``:
            colours are random, only shape and motion tell the kinds apart.
        num_distractors: silent actors of other kinds, each kind at most once.
        distractor_scale: greatest size of a distractor relative to an actor's, in (0, 1].
        distractor_motion: ``'drift'`` only; ``'slow'``: their kind's motion as well, but slowly
            and at times of their own; ``'events'``: as fast as an actor's, so that only synchrony
            with the sound tells who sounds.
        actor_size: least and greatest diameter as a part of the frame side.
        pixel_noise: standard deviation in grey levels.
        audio_noise: standard deviation of white background noise (the sounds peak at 0.4 to 0.8).
    """

    appearance: str = 'colour'
    num_distractors: int = 1
    distractor_scale: float = 0.4
    distractor_motion: str = 'slow'
    actor_size: tuple[float, float] = (0.3, 0.4)
    pixel_noise: float = 4.0
    audio_noise: float = 0.005

    def __post_init__(self) -> None:
        _require(self.appearance in APPEARANCES, 'appearance', f'one of {APPEARANCES}',
                 self.appearance)  # fmt: skip
        _require(self.distractor_motion in DISTRACTOR_MOTIONS, 'distractor_motion',
                 f'one of {DISTRACTOR_MOTIONS}', self.distractor_motion)  # fmt: skip
        _require(0 < self.distractor_scale <= 1, 'distractor_scale', 'in (0, 1]',
                 self.distractor_scale)  # fmt: skip
        low, high = self.actor_size
        _require(0.1 <= low <= high <= 0.6, 'actor_size', '(low, high) within [0.1, 0.6]',
                 self.actor_size)  # fmt: skip
        _require(self.num_distractors >= 0, 'num_distractors', '>= 0', self.num_distractors)
        _require(self.pixel_noise >= 0, 'pixel_noise', '>= 0', self.pixel_noise)
        _require(self.audio_noise >= 0, 'audio_noise', '>= 0', self.audio_noise)


@dataclass(frozen=True)
class Recipe:
    """A data set: kinds of actors and sounds, and the classes that are pairs of them.

    With K kinds of each there are 2K classes: actor i occurs with the sounds i and i + 1 (mod K).
    As a graph between actors and sounds this is one cycle through all of them, so every actor has
    exactly two sounds and every sound exactly two actors, and neither modality names the class.

    Args:
        name: of the recipe.
        actors: kinds of actors, at least two.
        sounds: as many kinds of sounds.
        clip: geometry.
        difficulty: what makes it easy or hard.
    """

    name: str
    actors: tuple[ActorKind, ...]
    sounds: tuple[SoundKind, ...]
    clip: ClipFormat = field(default_factory=ClipFormat)
    difficulty: Difficulty = field(default_factory=Difficulty)

    def __post_init__(self) -> None:
        counts = len(self.actors), len(self.sounds)
        _require(counts[0] == counts[1] >= 2, 'actors, sounds', 'as many of each, at least two',
                 counts)  # fmt: skip
        _require(self.difficulty.num_distractors < self.num_kinds, 'num_distractors',
                 f'less than the {self.num_kinds} kinds of actors (each occurs once at most)',
                 self.difficulty.num_distractors)  # fmt: skip

    @property
    def num_kinds(self) -> int:
        """Number K of kinds of actors, and of sounds."""
        return len(self.actors)

    @property
    def class_table(self) -> tuple[tuple[int, int], ...]:
        """Kind of actor and kind of sound of each of the 2K classes."""
        kinds = self.num_kinds
        return tuple((i, (i + step) % kinds) for i in range(kinds) for step in (0, 1))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, ``<actor>_<sound>``."""
        return tuple(f'{self.actors[a].name}_{self.sounds[s].name}' for a, s in self.class_table)
