import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / 'benchmarks'
RESULT = json.loads((BENCHMARKS / 'results/localizers.json').read_text())


def test_model_zoo_has_the_committed_figures(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module('localizers')
    zoo = (ROOT / 'model_zoo.md').read_text()
    assert f'{module.table(RESULT)}\n\n<!-- end of localizers -->' in zoo
    for command in RESULT['commands'][:4]:
        assert command in zoo


def test_committed_figures_are_the_means_of_their_seeds():
    for setting in ('easy', 'hard'):
        for scores in RESULT[setting].values():
            for figure in scores['std']:
                values = [run[figure] for run in scores['seeds'].values()]
                assert scores[figure] == pytest.approx(sum(values) / len(values), abs=0.02)


def test_masks_follow_the_sound():
    """FNAC's maps against the centre's, and its masks against tubes, in the easy setting."""
    easy = RESULT['easy']
    assert easy['fnac']['ciou'] >= 3 * easy['center_prior']['ciou']
    assert easy['fnac']['mask_precision'] >= 2 * easy['tube']['mask_precision']
    assert max(RESULT['train_seconds']['fnac']) <= 15 * 60


@pytest.mark.slow
def test_all_are_scored_in_both_settings(tmp_path):
    out = tmp_path / 'localizers.json'
    zoo = tmp_path / 'zoo.md'
    zoo.write_text((ROOT / 'model_zoo.md').read_text())
    options = [
        '--work-dir',
        tmp_path,
        '--out',
        out,
        '--zoo',
        zoo,
        '--seeds',
        '0',
        '1',
        '--epochs',
        '1',
    ]
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
    assert f'| {result["hard"]["fnac"]["ciou"]:.1f} ± ' in zoo.read_text()
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
