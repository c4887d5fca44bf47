import importlib.util
import json
from pathlib import Path

import pytest

from mmavssl.datasets.avsprites.recipe import APPEARANCES, DISTRACTOR_MOTIONS
from mmavssl.datasets.avsprites.shipped import DEFAULT, RECIPES

TOOL = Path(__file__).parents[3] / 'tools' / 'data' / 'make_avsprites.py'
SMALL = ['--num-train', '4', '--num-test', '4', '--num-kinds', '2', '--size', '32', '--fps', '8']


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('make_avsprites', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_makes_then_reuses_then_refuses(tool, tmp_path, capsys):
    out = str(tmp_path / 'data')
    assert tool.main([out, *SMALL]) == 0
    text = capsys.readouterr().out
    assert f'Wrote {out} in ' in text
    assert 'video_only_actor_unknown' in text
    assert '50.0%' in text

    assert tool.main([out, *SMALL]) == 0
    assert 'already' in capsys.readouterr().out

    assert tool.main([out, *SMALL, '--seed', '1']) == 2
    assert '--overwrite' in capsys.readouterr().err
    assert tool.main([out, *SMALL, '--seed', '1', '--overwrite']) == 0
    assert json.loads((tmp_path / 'data' / 'avsprites.json').read_text())['seed'] == 1


def test_options_reach_the_recipe(tool):
    options = [
        '--recipe', 'held_out', '--seconds', '4', '--num-distractors', '2', '--appearance',
        'shape', '--distractor-motion', 'events', '--distractor-scale', '1', '--pixel-noise', '9',
        '--audio-noise', '0', '--actor-size', '0.15', '0.2', '--silent-classes', '3',
    ]  # fmt: skip
    config = tool.make_config(tool.parse_args(['out', *options]))
    assert config.recipe.name == 'held_out'
    assert config.recipe.clip.num_frames == 64
    difficulty = config.recipe.difficulty
    assert difficulty.num_distractors == 2
    assert difficulty.actor_size == (0.15, 0.2)
    assert difficulty.silent_classes == 3
    assert difficulty.appearance == 'shape'
    assert difficulty.distractor_motion == 'events'
    assert (difficulty.distractor_scale, difficulty.pixel_noise, difficulty.audio_noise) == (
        1,
        9,
        0,
    )
    assert (config.num_train, config.num_test, config.recipe.clip.size) == (800, 240, 80)


def test_bad_value_is_one_line(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path / 'x'), '--size', '33']) == 2
    error = capsys.readouterr().err
    assert error.count('\n') == 1
    assert '`size`' in error


def test_choices_of_the_help_are_those_of_the_package(tool):
    assert sorted(tool.RECIPES) == sorted(RECIPES)
    assert tool.APPEARANCES == APPEARANCES
    assert tool.DISTRACTOR_MOTIONS == DISTRACTOR_MOTIONS


def test_help_has_the_defaults_of_the_package(tool, capsys):
    with pytest.raises(SystemExit, match='0'):
        tool.main(['--help'])
    text = ' '.join(capsys.readouterr().out.split()).partition('options:')[2]
    said = {
        part.split()[0]: part.rpartition('(default: ')[2].partition(')')[0]
        for part in text.split(' --')[1:]
    }
    values = tool.parse_args(['out'])
    for name in ('recipe', 'seed', 'num_train', 'num_test', 'workers'):
        assert said[name.replace('_', '-')] == str(getattr(values, name))
    assert said['num-kinds'] == str(DEFAULT.num_kinds)
    parts = (*tool.CLIP_OPTIONS, DEFAULT.clip), (*tool.DIFFICULTY_OPTIONS, DEFAULT.difficulty)
    for *names, part in parts:
        for name in names:
            value = getattr(part, name)
            shown = value if isinstance(value, tuple) else (value,)
            shown = [each if isinstance(each, str) else f'{each:g}' for each in shown]
            assert said[name.replace('_', '-')] == ' '.join(shown)
    assert {(r.clip, r.difficulty, r.num_kinds) for r in RECIPES.values()} == {
        (DEFAULT.clip, DEFAULT.difficulty, DEFAULT.num_kinds)
    }
