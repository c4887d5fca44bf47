from dataclasses import replace

import numpy as np
import pytest

from mmavssl.datasets.avsprites.bounds import accuracy_bounds
from mmavssl.datasets.avsprites.shipped import DEFAULT, get_recipe


@pytest.mark.parametrize('num_kinds', [2, 3, 4])
def test_closed_forms(num_kinds):
    table = get_recipe('default', num_kinds).class_table
    for n in range(num_kinds):
        bounds = accuracy_bounds(table, n)
        assert bounds['video_only'] == pytest.approx(1 / 2)
        assert bounds['audio_only'] == pytest.approx(1 / 2)
        assert bounds['video_only_actor_unknown'] == pytest.approx(1 / (2 * (n + 1)))
        if num_kinds > 2:
            open_scenes = n / (num_kinds - 1)
            expected = 1 - open_scenes / 2
            assert bounds['audio_visual_actor_unknown'] == pytest.approx(expected)


def test_agrees_with_a_simulated_best_classifier():
    rng = np.random.default_rng(0)
    table = DEFAULT.class_table
    counts, draws = {}, 40000
    for label in rng.integers(len(table), size=draws):
        actor, sound = table[label]
        other = (actor + rng.integers(1, 4)) % 4
        scene = (sound, frozenset((actor, int(other))))
        counts.setdefault(scene, np.zeros(len(table)))[label] += 1
    simulated = sum(c.max() for c in counts.values()) / draws
    bound = accuracy_bounds(table, 1)['audio_visual_actor_unknown']
    assert simulated == pytest.approx(bound, abs=0.01)


def test_silence_is_one_more_sound():
    recipe = replace(DEFAULT, difficulty=replace(DEFAULT.difficulty, silent_classes=4))
    bounds = accuracy_bounds(recipe.heard, 1)
    assert bounds['video_only'] == pytest.approx(1 / 2)
    assert bounds['audio_only'] == pytest.approx(5 / 8)  # each sound is one class, silence four
    # In silent scenes, half of all, either actor may be the one: half of them are guessed wrong.
    assert bounds['audio_visual_actor_unknown'] == pytest.approx(3 / 4)


def test_uneven_table_is_bounded_by_the_most_likely_class():
    # Actor 0 makes three sounds, actor 1 one: naming a class per actor is right in 2 of 4 cases.
    assert accuracy_bounds(((0, 0), (0, 1), (0, 2), (1, 3)), 0)['video_only'] == 0.5
    assert accuracy_bounds(((0, 0), (0, 1), (0, 2), (1, 3)), 0)['audio_only'] == 1.0
