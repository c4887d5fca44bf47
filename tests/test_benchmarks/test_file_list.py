import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'benchmarks' / 'file_list.py'


@pytest.mark.slow
def test_figures():
    options = ['--rows', '3000', '--draws', '3000', '--workers', '2', '--json']
    run = subprocess.run(
        [sys.executable, SCRIPT, *options], check=True, stdout=subprocess.PIPE, text=True
    )
    facts = json.loads(run.stdout)
    assert facts['rows'] == 3000
    assert 0 < facts['open_seconds'] < 60
    assert 0 < facts['peak_before_gb'] <= facts['peak_gb']
    (workers,) = facts['workers']
    assert workers['draws'] == 3000
    assert len(workers['worker_private_mb']) == len(workers['worker_pss_growth_mb']) == 2
    for private, shared in zip(
        workers['worker_private_mb'], workers['worker_pss_mb'], strict=True
    ):
        assert 0 < private < shared
