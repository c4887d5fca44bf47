import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def check_summary():
    spec = importlib.util.spec_from_file_location('check_summary', ROOT / '.ci/check_summary.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ('teacher', 'supervised', 'passes', 'goal'),
    [
        (40.0, 20.0, True, '+20.0 points over supervised; goal +5.0: reached'),
        (31.25, 26.25, True, '+5.0 points over supervised; goal +5.0: reached'),
        (40.0, 35.1, True, '+4.9 points over supervised; goal +5.0: NOT reached'),
        (31.2, 20.0, False, '+11.2 points over supervised'),
        (float('nan'), 20.0, False, 'NOT reached'),
    ],
)
def test_figures(check_summary, tmp_path, monkeypatch, capsys, teacher, supervised, passes, goal):
    path = tmp_path / 'summary.json'
    summary = {'teacher_top1': teacher, 'supervised_top1': supervised, 'chance': 12.5}
    path.write_text(json.dumps(summary))
    monkeypatch.setattr(sys, 'argv', ['check_summary.py', str(path)])
    assert check_summary.main() == (0 if passes else 1)
    output = capsys.readouterr()
    assert ('is below' in output.err) != passes
    assert goal in output.out
