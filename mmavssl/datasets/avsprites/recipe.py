"""What an AVSprites data set consists of: kinds, classes, clip format, difficulty."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mmavssl.datasets.avsprites.kinds import ActorKind, SoundKind, require
from mmavssl.datasets.avsprites.sounds import LEAD_SECONDS, TAIL_SECONDS

MIN_EVENT_PERIOD = 0.3
APPEARANCES = ('colour', 'shape')
DISTRACTOR_MOTIONS = ('drift', 'slow', 'events')
SILENCE = 'silence'


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
        require(self.size >= 32 and self.size % 2 == 0, 'size', 'even and >= 32', self.size)
        require(self.fps >= 1, 'fps', '>= 1', self.fps)
        low, high = self.num_events
        require(1 <= low <= high, 'num_events', '(low, high), 1 <= low <= high', self.num_events)
        need = LEAD_SECONDS + TAIL_SECONDS + MIN_EVENT_PERIOD * high
        require(self.seconds >= need, 'seconds', f'>= {need:g} for {high} events', self.seconds)

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
        silent_classes: number N of classes whose clips have nothing on their sound track: the
            second one of each of the last N kinds of actors, so that the actor and whether it is
            heard still name the class.
    """

    appearance: str = 'colour'
    num_distractors: int = 1
    distractor_scale: float = 0.4
    distractor_motion: str = 'slow'
    actor_size: tuple[float, float] = (0.3, 0.4)
    pixel_noise: float = 4.0
    audio_noise: float = 0.005
    silent_classes: int = 0

    def __post_init__(self) -> None:
        require(self.appearance in APPEARANCES, 'appearance', f'one of {APPEARANCES}',
                 self.appearance)  # fmt: skip
        require(self.distractor_motion in DISTRACTOR_MOTIONS, 'distractor_motion',
                 f'one of {DISTRACTOR_MOTIONS}', self.distractor_motion)  # fmt: skip
        require(0 < self.distractor_scale <= 1, 'distractor_scale', 'in (0, 1]',
                 self.distractor_scale)  # fmt: skip
        low, high = self.actor_size
        require(0.1 <= low <= high <= 0.6, 'actor_size', '(low, high) within [0.1, 0.6]',
                 self.actor_size)  # fmt: skip
        require(self.num_distractors >= 0, 'num_distractors', '>= 0', self.num_distractors)
        require(self.pixel_noise >= 0, 'pixel_noise', '>= 0', self.pixel_noise)
        require(self.audio_noise >= 0, 'audio_noise', '>= 0', self.audio_noise)


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
        require(counts[0] == counts[1] >= 2, 'actors, sounds', 'as many of each, at least two',
                 counts)  # fmt: skip
        require(self.difficulty.num_distractors < self.num_kinds, 'num_distractors',
                 f'less than the {self.num_kinds} kinds of actors (each occurs once at most)',
                 self.difficulty.num_distractors)  # fmt: skip
        require(0 <= self.difficulty.silent_classes <= self.num_kinds, 'silent_classes',
                 f'from 0 to {self.num_kinds} (of each actor, one class at most)',
                 self.difficulty.silent_classes)  # fmt: skip

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
    def heard(self) -> tuple[tuple[int, int | None], ...]:
        """As `class_table`, with None for the sound of a silent class."""
        first = self.num_kinds - self.difficulty.silent_classes
        return tuple(
            (actor, None if actor >= first and sound != actor else sound)
            for actor, sound in self.class_table
        )

    @property
    def sound_names(self) -> tuple[str, ...]:
        """What is heard in clips of each class."""
        return tuple(SILENCE if s is None else self.sounds[s].name for _, s in self.heard)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, ``<actor>_<sound>``."""
        pairs = zip(self.class_table, self.sound_names, strict=True)
        return tuple(f'{self.actors[actor].name}_{sound}' for (actor, _), sound in pairs)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it; without silent classes as it was before there were any."""
        content = asdict(self)
        if not self.difficulty.silent_classes:
            del content['difficulty']['silent_classes']
        return content
