from collections import Counter
from dataclasses import replace

import pytest

from mmavssl.datasets.avsprites.recipe import ClipFormat, Difficulty
from mmavssl.datasets.avsprites.shipped import DEFAULT, HELD_OUT, get_recipe
from mmavssl.utils.errors import ConfigError


@pytest.mark.parametrize('recipe', [DEFAULT, HELD_OUT])
def test_classes_form_one_cycle(recipe):
    table = recipe.class_table
    assert len(table) == len(set(table)) == 8
    assert set(Counter(actor for actor, _ in table).values()) == {2}
    assert set(Counter(sound for _, sound in table).values()) == {2}
    # Walk from class to class, alternately keeping the actor and the sound: all are reached.
    reached, here = [], table[0]
    for step in range(8):
        reached.append(here)
        keep = step % 2
        here = next(c for c in table if c[keep] == here[keep] and c != here)
    assert sorted(reached) == sorted(table)
    assert here == table[0]
    assert len(set(recipe.class_names)) == 8


def test_held_out_shares_nothing_with_default():
    for field in ('name', 'shape', 'motion', 'hue'):
        kinds = [{getattr(a, field) for a in recipe.actors} for recipe in (DEFAULT, HELD_OUT)]
        assert not kinds[0] & kinds[1]
        assert len(kinds[0]) == len(kinds[1]) == 4
    timbres = [{s.timbre for s in recipe.sounds} for recipe in (DEFAULT, HELD_OUT)]
    assert not timbres[0] & timbres[1]


def test_geometry():
    assert DEFAULT.clip.num_frames == 48
    assert DEFAULT.clip.num_samples == 48000
    # Half a frame is rounded, and the audio follows the frames.
    assert ClipFormat(fps=10, seconds=2.96).num_frames == 30
    assert ClipFormat(fps=10, seconds=2.96).num_samples == 48000


def test_num_kinds():
    assert get_recipe('default', 3).class_names == (
        'ball_bell', 'ball_hiss', 'box_hiss', 'box_chirp', 'wedge_chirp', 'wedge_bell',
    )  # fmt: skip
    with pytest.raises(ConfigError, match='num_kinds'):
        get_recipe('default', 5)
    with pytest.raises(ConfigError, match='held_out'):
        get_recipe('unknown')


def test_silent_classes_are_the_second_ones_of_the_last_actors():
    recipe = replace(DEFAULT, difficulty=Difficulty(silent_classes=2))
    assert recipe.class_names == (
        'ball_bell', 'ball_hiss', 'box_hiss', 'box_chirp', 'wedge_chirp', 'wedge_silence',
        'star_buzz', 'star_silence',
    )  # fmt: skip
    assert recipe.class_table == DEFAULT.class_table
    assert [sound for _, sound in recipe.heard] == [0, 1, 1, 2, 2, None, 3, None]
    assert len(set(recipe.heard)) == 8  # who moves and what is heard still name the class
    assert recipe.as_dict()['difficulty']['silent_classes'] == 2
    assert DEFAULT.heard == DEFAULT.class_table
    assert 'silent_classes' not in DEFAULT.as_dict()['difficulty']  # as of data made before


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda: ClipFormat(size=81), 'size'),
        (lambda: ClipFormat(fps=0), 'fps'),
        (lambda: ClipFormat(seconds=1.0), 'seconds'),
        (lambda: ClipFormat(num_events=(4, 3)), 'num_events'),
        (lambda: Difficulty(appearance='color'), 'appearance'),
        (lambda: Difficulty(distractor_motion='fast'), 'distractor_motion'),
        (lambda: Difficulty(distractor_scale=1.5), 'distractor_scale'),
        (lambda: Difficulty(actor_size=(0.4, 0.3)), 'actor_size'),
        (lambda: Difficulty(pixel_noise=-1), 'pixel_noise'),
        (lambda: replace(DEFAULT, sounds=DEFAULT.sounds[:3]), 'sounds'),
        (lambda: replace(DEFAULT, difficulty=Difficulty(num_distractors=4)), 'num_distractors'),
        (lambda: replace(DEFAULT, difficulty=Difficulty(silent_classes=5)), 'silent_classes'),
        (lambda: replace(DEFAULT, difficulty=Difficulty(silent_classes=-1)), 'silent_classes'),
    ],
)
def test_errors_name_the_parameter(make, name):
    with pytest.raises(ConfigError, match=f'`.*{name}.*`'):
        make()
