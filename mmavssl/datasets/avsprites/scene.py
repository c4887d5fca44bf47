"""One clip: who is in it, where, and what is heard."""

from dataclasses import dataclass

import numpy as np

from mmavssl.datasets.avsprites.drawing import Sprite, add_noise, draw_background, draw_colours
from mmavssl.datasets.avsprites.kinds import ActorKind
from mmavssl.datasets.avsprites.motions import (
    MOTION_SECONDS,
    MOTIONS,
    SLOW_SECONDS,
    drift,
    event_phase,
)
from mmavssl.datasets.avsprites.recipe import Recipe
from mmavssl.datasets.avsprites.sounds import draw_events, render_sound

MAX_TILT = 0.25
PLACEMENT_TRIES = 12


@dataclass
class Clip:
    """A rendered clip.

    ``frames`` (T, S, S, 3) uint8 RGB; ``waveform`` (num_samples,) float32; ``boxes`` (T, 4) of the
    actor that sounds, in silent classes of the one that moves as if it did; ``events`` (E,) onset
    times in seconds; ``distractors`` kinds of the other actors; ``distractor_boxes`` (N, T, 4).
    """

    frames: np.ndarray
    waveform: np.ndarray
    boxes: np.ndarray
    events: np.ndarray
    distractors: tuple[int, ...]
    distractor_boxes: np.ndarray


def render_clip(recipe: Recipe, label: int, rng: np.random.Generator) -> Clip:
    """Render a clip of class ``label``; everything else follows from ``rng``."""
    actor, sound = recipe.class_table[label]
    clip, difficulty = recipe.clip, recipe.difficulty
    times = _times(recipe)
    events = draw_events(clip.seconds, clip.num_events, rng)

    others = [kind for kind in range(recipe.num_kinds) if kind != actor]
    distractors = rng.permutation(others)[: difficulty.num_distractors].tolist()
    places = draw_places(1 + len(distractors), rng)
    sprites = [_actor_sprite(recipe, recipe.actors[actor], events, places[0], rng)]
    for kind, place in zip(distractors, places[1:], strict=True):
        sprites.append(_distractor_sprite(recipe, recipe.actors[kind], place, rng))

    frames = draw_background(clip.size, times, rng)
    for index in rng.permutation(len(sprites)):  # who is in front says nothing
        sprites[index].draw(frames)
    kind = recipe.sounds[sound]
    waveform = render_sound(
        kind.timbre, kind.pitch, events, clip.num_samples, clip.sample_rate, rng
    )
    hum = rng.standard_normal(len(waveform), dtype=np.float32)
    waveform = np.clip(waveform + difficulty.audio_noise * hum, -1, 1)
    if recipe.heard[label][1] is None:  # now, as the picture is to be the same
        waveform = np.zeros_like(waveform)
    boxes = [sprite.boxes(clip.size) for sprite in sprites]
    return Clip(
        frames=add_noise(frames, difficulty.pixel_noise, rng),
        waveform=waveform,
        boxes=boxes[0],
        events=events,
        distractors=tuple(distractors),
        distractor_boxes=np.array(boxes[1:], np.float32).reshape(-1, len(times), 4),
    )


def draw_places(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw positions (count, 2) in [0, 1], each the farthest of a few tries from those before."""
    places = [rng.random(2)]
    while len(places) < count:
        tries = rng.random((PLACEMENT_TRIES, 2))
        distance = np.linalg.norm(tries[:, None] - np.array(places), axis=2).min(axis=1)
        places.append(tries[distance.argmax()])
    return np.array(places)


def _actor_sprite(
    recipe: Recipe, kind: ActorKind, events: np.ndarray, place: np.ndarray,
    rng: np.random.Generator,
) -> Sprite:  # fmt: skip
    diameter = rng.uniform(*recipe.difficulty.actor_size)
    return _sprite(recipe, kind, diameter, _phase(recipe, events, MOTION_SECONDS), place, rng)


def _distractor_sprite(
    recipe: Recipe, kind: ActorKind, place: np.ndarray, rng: np.random.Generator
) -> Sprite:
    difficulty, clip = recipe.difficulty, recipe.clip
    diameter = rng.uniform(*difficulty.actor_size) * difficulty.distractor_scale
    own, duration = np.empty(0), SLOW_SECONDS
    if difficulty.distractor_motion == 'events':
        own, duration = draw_events(clip.seconds, clip.num_events, rng), MOTION_SECONDS
    elif difficulty.distractor_motion == 'slow':
        period = SLOW_SECONDS * rng.uniform(1.1, 1.6)
        own = np.arange(rng.uniform(0, 0.5), clip.seconds, period)
    return _sprite(recipe, kind, diameter, _phase(recipe, own, duration), place, rng)


def _phase(recipe: Recipe, events: np.ndarray, duration: float) -> np.ndarray:
    gaps = np.diff(events, append=np.inf)  # every motion ends before the next begins
    return event_phase(_times(recipe), events, min([duration, *gaps]))


def _times(recipe: Recipe) -> np.ndarray:
    return np.arange(recipe.clip.num_frames) / recipe.clip.fps


def _sprite(
    recipe: Recipe, kind: ActorKind, diameter: float, phase: np.ndarray, place: np.ndarray,
    rng: np.random.Generator,
) -> Sprite:  # fmt: skip
    bounds = diameter * 0.55, 1 - diameter * 0.55
    start = bounds[0] + place * (bounds[1] - bounds[0])
    return Sprite(
        shape=kind.shape,
        colours=draw_colours(pick_hue(recipe, kind, rng), rng),
        radius=recipe.clip.size * diameter / 2,
        centres=recipe.clip.size * drift(_times(recipe), start, bounds, rng),
        pose=MOTIONS[kind.motion](phase),
        tilt=rng.uniform(-MAX_TILT, MAX_TILT),
    )


def pick_hue(recipe: Recipe, kind: ActorKind, rng: np.random.Generator) -> float:
    """Return the kind's own hue, or a random one where colour is to say nothing."""
    return kind.hue if recipe.difficulty.appearance == 'colour' else rng.random()
