"""The released step that ours is compared with, and what `run.py` has measured."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def benchmarks():
    """Let scripts of ``benchmarks`` be imported, as when one is run."""
    sys.path.insert(0, str(ROOT / 'benchmarks'))
    yield
    sys.path.remove(str(ROOT / 'benchmarks'))


@pytest.fixture
def reference(benchmarks):
    import reference_step

    return reference_step


@pytest.fixture
def step(benchmarks):
    import step

    return step


def test_ours_makes_the_released_step(step):
    """Losses, and all weights after it, with the same weights, clips and draws."""
    assert step.compare_losses(step.SIZES['tiny'], torch.device('cpu')) < 1e-5


def test_a_step_that_differs_is_noticed(step, monkeypatch):
    monkeypatch.setattr(step, 'labels_of', lambda batch, device: torch.tensor([7]))
    with pytest.raises(RuntimeError, match='is not the reference'):
        step.compare_losses(step.SIZES['tiny'], torch.device('cpu'))


@torch.no_grad()
def test_network_of_the_reference_is_the_published_one(reference):
    """The numbers were made by the released network, on random weights (tests/data)."""
    arrays = {
        name: {key: torch.from_numpy(value) for key, value in np.load(file).items()}
        for name in ('timesformer', 'svformer_mix')
        for file in [ROOT / f'tests/data/parity_{name}.npz']
    }
    network = reference.ReferenceTimeSformer(
        img_size=32, patch_size=16, num_frames=4, embed_dims=48, depth=2, num_heads=3,
        drop_path_rate=0.1,
    ).eval()  # fmt: skip
    prefix = 'sd/model.'
    state = {
        key.removeprefix(prefix): value
        for key, value in arrays['timesformer'].items()
        if key.startswith(prefix) and 'head' not in key
    }
    network.load_state_dict(state)
    mix = arrays['svformer_mix']
    tolerance = dict(rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(network(mix['clips']), mix['plain_cls_feat'], **tolerance)
    feature = network(mix['clips'], mix['mask'].float())
    torch.testing.assert_close(feature, mix['cls_feat'], **tolerance)


@pytest.mark.parametrize('method', ['svformer', 'asl_mix'])
def test_operations_of_few_clips_tell_those_of_many(step, method):
    size, device = step.SIZES['tiny']._replace(labeled=2, unlabeled=4), torch.device('cpu')
    iteration = step.OurStep(step.build_system(method, size, device))
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        iteration(step.make_batch(size, device))
    counted = step.operations(method, size, device)
    assert counted == pytest.approx(counter.get_total_flops(), rel=0.01)


@pytest.mark.slow
def test_benchmark_runs(step, capsys):
    assert step.main(['--size', 'tiny', '--rounds', '1', '--json']) == 0
    output = capsys.readouterr().out
    result = json.loads(output[output.index('{') :])
    assert set(result['seconds']) == set(step.CONTENDERS)
    for name in step.RATIOS:
        assert result[name] > 0
    assert all(value > 100 for value in result['memory_mb'].values())


def test_page_has_what_was_measured(benchmarks):
    import run

    results = {
        path.stem.removeprefix('speed_'): json.loads(path.read_text())
        for path in sorted((ROOT / 'benchmarks/results').glob('speed_*.json'))
    }
    assert results
    assert run.table(results) in run.PAGE.read_text()
    counted = [result['memory'] for result in results.values() if 'memory' in result]
    assert run.memory_table(counted[0]) in run.PAGE.read_text()
