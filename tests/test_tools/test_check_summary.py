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
    ('teacher', 'supervised', 'fault'),
    [
        (40.0, 20.0, None),
        (31.25, 26.25, None),
        (40.0, 35.1, 'teacher_top1 40.0 is below supervised_top1 + 5.0, 40.1'),
        (31.2, 20.0, 'teacher_top1 31.2 is below 2.5 x chance, 31.2'),
        (float('nan'), 20.0, 'teacher_top1 nan is below'),
    ],
)
def test_figures(check_summary, tmp_path, monkeypatch, capsys, teacher, supervised, fault):
    path = tmp_path / 'summary.json'
    summary = {'teacher_top1': teacher, 'supervised_top1': supervised, 'chance': 12.5}
    summary['machine'] = {'cores': 2}  # what the quickstart writes beside its figures
    path.write_text(json.dumps(summary))
    monkeypatch.setattr(sys, 'argv', ['check_summary.py', str(path)])
    assert check_summary.main() == (1 if fault else 0)
    output = capsys.readouterr()
    assert f'teacher_top1 {teacher:.1f}' in output.out
    assert (fault in output.err) if fault else not output.err
