from dataclasses import replace

import numpy as np
import pytest

from mmavssl.datasets.avsprites.scene import draw_places, render_clip
from mmavssl.datasets.avsprites.shipped import DEFAULT, HELD_OUT


def varied(**difficulty):
    return replace(DEFAULT, difficulty=replace(DEFAULT.difficulty, **difficulty))


def rng(seed=0):
    return np.random.default_rng(seed)


def test_shapes_and_determinism():
    one, two = render_clip(DEFAULT, 3, rng()), render_clip(DEFAULT, 3, rng())
    assert one.frames.shape == (48, 80, 80, 3)
    assert one.frames.dtype == np.uint8
    assert one.waveform.shape == (48000,)
    assert one.waveform.dtype == np.float32
    assert one.boxes.shape == (48, 4)
    assert one.distractor_boxes.shape == (1, 48, 4)
    for name in ('frames', 'waveform', 'boxes', 'events', 'distractors'):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert (one.frames != render_clip(DEFAULT, 3, rng(1)).frames).any()


def test_silent_classes_look_as_those_that_sound():
    recipe = varied(silent_classes=3)
    for label in (3, 4):  # of the actor 1, which has a silent class, and of the actor 2
        one, two = render_clip(DEFAULT, label, rng(5)), render_clip(recipe, label, rng(5))
        for name in ('frames', 'boxes', 'events', 'distractor_boxes'):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert two.waveform.dtype == np.float32
        assert two.waveform.shape == (48000,)
        if label == 3:
            assert not two.waveform.any()
        else:
            np.testing.assert_array_equal(one.waveform, two.waveform)


def test_distractors_are_other_kinds_and_all_of_them_occur():
    recipe = varied(num_distractors=2)
    seen = set()
    for seed in range(12):
        clip = render_clip(recipe, 2, rng(seed))
        actor = recipe.class_table[2][0]
        assert len(set(clip.distractors)) == 2
        assert actor not in clip.distractors
        seen.update(clip.distractors)
    assert seen == {0, 2, 3}


@pytest.mark.parametrize('label', range(8))
def test_box_shows_the_colour_of_the_actor(label):
    hue = DEFAULT.actors[DEFAULT.class_table[label][0]].hue
    clip = render_clip(varied(pixel_noise=0, num_distractors=0), label, rng(label))
    x1, y1, x2, y2 = clip.boxes[0]
    middle = clip.frames[0, int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))]
    values = middle.reshape(-1, 3).astype(float)
    vivid = values[(values.max(axis=1) - values.min(axis=1)) > 120]
    assert len(vivid) > 60
    angle = np.exp(2j * np.pi * hue)
    red, green, blue = vivid.T
    seen = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    assert np.abs(np.angle(np.exp(1j * np.median(seen)) / angle)) < 0.35


def test_random_colours_where_only_shape_is_to_tell():
    def vivid_hues(recipe):
        hues = []
        for seed in range(10):
            clip = render_clip(recipe, 0, rng(seed))
            frame = clip.frames[0].reshape(-1, 3).astype(float)
            red, green, blue = frame[np.argmax(np.ptp(frame, axis=1))]
            hues.append(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))
        return np.abs(np.mean(np.exp(1j * np.array(hues))))  # 1: always the same hue

    assert vivid_hues(varied(num_distractors=0)) > 0.95
    assert vivid_hues(varied(num_distractors=0, appearance='shape')) < 0.8


def motion_energy(boxes):
    """Return how much a box changes from frame to frame (T - 1,)."""
    return np.abs(np.diff(boxes, axis=0)).sum(axis=1)


def change_inside(frames, boxes):
    """Return the mean change of the pixels in a box (T - 1,); a spin leaves the box in place."""
    change = np.abs(np.diff(frames.astype(int), axis=0)).mean(axis=3)
    corners = boxes[1:].round().astype(int)
    return np.array(
        [c[y1:y2, x1:x2].mean() for c, (x1, y1, x2, y2) in zip(change, corners, strict=True)]
    )


@pytest.mark.parametrize('actor', range(4))
@pytest.mark.parametrize('recipe', [DEFAULT, HELD_OUT])
def test_actor_moves_at_the_events_and_distractors_do_not(recipe, actor):
    recipe = replace(recipe, difficulty=replace(recipe.difficulty, pixel_noise=0))
    ratios = {'actor': [], 'distractor': []}
    for seed in range(6):
        clip = render_clip(recipe, 2 * actor, rng(seed))
        during = np.zeros(47, bool)
        for event in clip.events:
            first = int(np.ceil(event * 16))
            during[max(first - 1, 0) : first + 5] = True
        for who, boxes in (('actor', clip.boxes), ('distractor', clip.distractor_boxes[0])):
            change = change_inside(clip.frames, boxes)
            ratios[who].append(change[during].mean() / change[~during].mean())
    assert np.median(ratios['actor']) > 3
    assert np.median(ratios['distractor']) < 1.5


def test_distractor_motion():
    def energy(kind):
        recipe = varied(distractor_motion=kind)
        boxes = [render_clip(recipe, 4, rng(seed)).distractor_boxes[0] for seed in range(10)]
        return np.mean([motion_energy(b).max() for b in boxes])

    assert energy('drift') < energy('slow') < energy('events')


def test_distractors_are_at_most_as_large_as_asked():
    recipe = varied(distractor_scale=0.5, distractor_motion='drift', actor_size=(0.3, 0.3))
    clip = render_clip(recipe, 2, rng(3))
    widths = [np.ptp(b[:, [0, 2]], axis=1).max() for b in (clip.boxes, clip.distractor_boxes[0])]
    assert widths[1] < 0.75 * widths[0]


def test_places_are_apart():
    for seed in range(50):
        places = draw_places(2, rng(seed))
        assert places.min() >= 0
        assert places.max() <= 1
        assert np.linalg.norm(places[0] - places[1]) > 0.4
