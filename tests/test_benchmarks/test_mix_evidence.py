import hashlib
import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[2] / 'benchmarks'


@pytest.fixture(scope='module')
def tool():
    sys.path.insert(0, str(FOLDER))
    try:
        spec = importlib.util.spec_from_file_location('mix_evidence', FOLDER / 'mix_evidence.py')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


def test_what_is_left_of_two_actors(tool):
    first = torch.tensor([[[1.0, 1.0, 0.0, 0.0]], [[0.0, 0.0, 0.5, 0.0]]])
    second = torch.tensor([[[0.0, 1.0, 1.0, 2.0]], [[1.0, 0.0, 0.0, 0.0]]])
    mask = torch.tensor([[[True, False, False, True]], [[True, True, False, False]]])
    found = tool.evidence(mask, first, second, torch.tensor([0.4, 0.4]))
    assert {name: value.tolist() for name, value in found.items()} == {
        'share': pytest.approx([0.4, 0.4]),
        'first': [0.5, 0.0],
        'second': [0.5, 0.0],
        'first_gone': [0, 1],
        'second_gone': [0, 1],
        'label_error': pytest.approx([0.1, 0.4]),  # half of all that is left; nothing of nothing
    }


def test_where_maps_are_highest(tool):
    maps = torch.tensor([[[0.1, 0.9, 0.2], [0.5, 0.1, 0.3]]])
    coverage = torch.tensor([[[0.0, 0.2, 1.0], [0.0, 1.0, 0.0]]])
    assert tool.touches(maps, coverage).tolist() == [0.5]
    maps[0, 1] = 1.0  # as of a frame that has no map
    assert tool.touches(maps, coverage).tolist() == [1.0]
    assert tool.touches(torch.ones_like(maps), coverage).isnan().all()


def test_means_over_the_mixes_that_count(tool):
    values = {
        'share': torch.tensor([[0.1, 0.3, 0.9], [0.2, 0.4, 0.9]]),
        'map_on_actor': torch.tensor([[torch.nan, torch.nan, 1.0]]).repeat(2, 1),
    }
    chosen = torch.tensor([True, True, False])
    assert tool.percent(values, chosen) == {'share': 25.0}
    assert tool.percent(values, ~chosen) == {'share': 90.0, 'map_on_actor': 100.0}


def test_writes_a_setting_and_keeps_the_others(tool, avsprites_root, tmp_path, monkeypatch):
    names = ('tube', 'oracle', 'oracle_evidence')
    monkeypatch.setattr(tool, 'CONFIGS', {name: tool.CONFIGS[name] for name in names})
    out, localizer = tmp_path / 'out.json', tmp_path / 'fnac.pth'
    localizer.write_text('weights')
    shipped = json.loads(tool.OUT.read_text())['settings']['default']
    out.write_text(json.dumps({'settings': {'other': shipped}}))
    options = ['--data', str(avsprites_root), '--num-clips', '8', '--repeats', '20']
    options += ['--setting', 'here', '--localizer', str(localizer), '--out', str(out)]
    assert tool.main(options) == 0
    result = json.loads(out.read_text())
    assert list(result['settings']) == ['other', 'here']
    here = result['settings']['here']
    assert result['settings']['other'] == shipped  # with where that was measured
    info = (avsprites_root / 'avsprites.json').read_bytes()
    assert {key: here[key] for key in ('data', 'data_sha256', 'localizer_sha256')} == {
        'data': avsprites_root.name,  # no path of this machine
        'data_sha256': hashlib.sha256(info).hexdigest()[:12],
        'localizer_sha256': hashlib.sha256(b'weights').hexdigest()[:12],
    }
    assert [here[key] for key in ('localizer', 'num_clips', 'repeats', 'seed')] == [
        'fnac.pth', 8, 20, 0,
    ]  # fmt: skip
    assert here['machine']['cores'] > 0
    assert 'first_is_silent' not in here
    tube, oracle, evidence = (here['masks'][name] for name in names)
    assert tube['share'] == pytest.approx(50, abs=5)
    assert tube['first'] == pytest.approx(tube['share'], abs=10)
    assert oracle['share'] == pytest.approx(33, abs=5)
    assert oracle['first'] > 80  # guided
    assert oracle['map_on_actor'] == 100
    assert 'map_on_actor' not in tube
    assert oracle['label_error'] > 15
    assert evidence['first'] == oracle['first']  # the same masks
    assert evidence['label_error'] < 2


def test_silent_clips_are_counted_apart(tool, avsprites_root, monkeypatch):
    """Their masks are drawn uniformly where the localizer hears, and guided where it is told."""
    names = ('center_prior', 'oracle')
    monkeypatch.setattr(tool, 'CONFIGS', {name: tool.CONFIGS[name] for name in names})
    options = ['--num-clips', '8', '--repeats', '20', '--localizer', 'none.pth']
    args = tool.parse_args(['--data', str(avsprites_root), *options])
    view = tool.load_views(args)
    for key in ('audio', 'audio_clean'):
        view[key][:4] = view[key].min()
    monkeypatch.setattr(tool, 'load_views', lambda args: view)
    found = tool.figures(args)
    assert list(found) == ['masks', 'first_sounds', 'first_is_silent']
    silent, sounding = found['first_is_silent'], found['first_sounds']
    assert silent['center_prior']['first'] == pytest.approx(33, abs=4)
    assert 'map_on_actor' not in silent['center_prior']
    assert sounding['center_prior']['map_on_actor'] > 0
    assert silent['oracle']['first'] > 80
    for key in ('first', 'label_error'):
        halves = [part['oracle'][key] for part in (silent, sounding)]
        assert found['masks']['oracle'][key] == pytest.approx(sum(halves) / 2, abs=0.02)
