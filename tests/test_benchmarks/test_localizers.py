import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / 'benchmarks'


@pytest.mark.slow
def test_all_are_scored_in_both_settings(tmp_path):
    out = tmp_path / 'localizers.json'
    options = ['--work-dir', tmp_path, '--out', out, '--seeds', '0', '1', '--epochs', '1']
    command = [
        sys.executable,
        BENCHMARKS / 'localizers.py',
        '--num-train',
        '64',
        '--num-test',
        '16',
    ]
    subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE)
    result = json.loads(out.read_text())
    for setting in ('easy', 'hard'):
        scores = result[setting]
        assert list(scores) == [
            'fnac', 'ezvsl', 'cosine', 'center_prior', 'uniform', 'oracle', 'tube',
        ]  # fmt: skip
        for name, score in scores.items():
            assert set(score['seeds']) == {'0', '1'}
            assert score['std'].keys() == score['seeds']['0'].keys()
            if name != 'tube':
                assert {'ciou', 'auc', 'pointing', 'mask_precision'} < score.keys()
        assert scores['oracle']['ciou'] == 100
        assert scores['oracle']['mask_precision'] > 2 * scores['tube']['mask_precision']
        assert scores['center_prior']['std']['ciou'] == 0
    assert len(result['train_seconds']['fnac']) == 2
    assert any('fnac_avsprites.py' in command for command in result['commands'])
