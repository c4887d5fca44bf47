import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

from mmavssl.utils.mix_evidence_table import table

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


def test_writes_a_setting_and_keeps_the_others(tool, avsprites_root, tmp_path, monkeypatch):
    names = ('tube', 'oracle', 'oracle_evidence')
    monkeypatch.setattr(tool, 'CONFIGS', {name: tool.CONFIGS[name] for name in names})
    out = tmp_path / 'out.json'
    out.write_text(json.dumps({'settings': {'other': {}}}))
    options = ['--data', str(avsprites_root), '--num-clips', '8', '--repeats', '20']
    assert tool.main([*options, '--setting', 'here', '--out', str(out)]) == 0
    result = json.loads(out.read_text())
    assert list(result['settings']) == ['other', 'here']
    tube, oracle, evidence = (result['settings']['here'][name] for name in names)
    assert tube['share'] == pytest.approx(50, abs=5)
    assert tube['first'] == pytest.approx(tube['share'], abs=10)
    assert oracle['share'] == pytest.approx(33, abs=5)
    assert oracle['first'] > 80  # guided
    assert oracle['map_on_actor'] == 100
    assert 'map_on_actor' not in tube
    assert oracle['label_error'] > 15
    assert evidence['first'] == oracle['first']  # the same masks
    assert evidence['label_error'] < 2
    assert table(result).count('\n| oracle') == 2
