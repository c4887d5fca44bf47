import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / 'benchmarks'


def test_localizer_takes_little_of_an_iteration():
    result = json.loads((BENCHMARKS / 'results/localizer_cost.json').read_text())
    share = result['localizer_seconds'] / result['iteration_seconds']
    assert result['localizer_share'] == pytest.approx(share, abs=1e-4)
    assert share <= 0.08


@pytest.mark.slow
def test_benchmark_runs():
    command = [sys.executable, str(BENCHMARKS / 'localizer_cost.py'), '--json']
    output = subprocess.run(
        [*command, '--rounds', '1', '--unlabeled', '1'], check=True, stdout=subprocess.PIPE
    ).stdout
    result = json.loads(output)
    assert 0 < result['localizer_seconds'] < result['iteration_seconds']
    assert 0 < result['lookup_ms_per_clip'] < 1000
