import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / 'benchmarks'


def run(script, *options):
    command = [sys.executable, BENCHMARKS / script, '--json', *options]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_ratios(backend):
    result = run('loader.py', '--files', '1', '--rounds', '1', '--backend', backend)
    assert result['backend'] == backend
    assert result['machine']['cores'] >= 1
    for kind in ('ucf', 'k400'):
        for name in ('shared', 'independent', 'test_views'):
            assert result[f'{kind}_{name}_ratio'] > 1
        rates = result[f'{kind}_samples_per_second']
        assert rates['shared'] > rates['plain'] > 0
    assert result['test_views_ratio'] == min(
        result['ucf_test_views_ratio'], result['k400_test_views_ratio']
    )


@pytest.mark.slow
def test_memory_of_workers():
    result = run('worker_memory.py', '--samples', '120', '--every', '30', '--workers', '1')
    numbers = [number for number, _ in result['worker_private_mb']]
    assert numbers[:3] == [30, 60, 90]
    assert 20 < result['worker_private_max_mb'] < 2000
