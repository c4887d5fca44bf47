"""Two ranks with B clips each make the step that one makes with 2 B: docs/reliability.md."""

import pytest
import torch

from tests.reliability.rank_processes import Ranks
from tests.reliability.ranks import BATCH, STEPS, largest_difference, mean_log, train_all

METHODS = ('svformer', 'svformer_flex', 'asl_mix')
BOUNDS = {'float32': 1e-5, 'float64': 1e-10}
ADAPTIVE = {
    'free': dict(
        method='asl_mix', threshold=dict(type='FreeThreshold', decay=0.5, fairness_weight=0.5)
    ),
    'soft': dict(method='svformer', threshold=dict(type='SoftThreshold', decay=0.5)),
}
CASES = {
    f'{name} {dtype} {accumulate}': dict(case, dtype=dtype, accumulate=accumulate)
    for name, case in {**{m: dict(method=m) for m in METHODS}, **ADAPTIVE}.items()
    for dtype in BOUNDS
    for accumulate in (1, 2)
}
#: No mean over clips: the number of right labels among those that pass.
NO_MEAN = 'pseudo_label_acc'

FIXED = dict(type='FixedThreshold', threshold=0.6)
WEIGHTS = dict(unsup=1.0, mix=1.0)
#: One batch of 2 B clips, and two of B whose gradients accumulate.
SPLIT = {
    f'{name} {iterations}': dict(
        case,
        batch=2 * BATCH // iterations,
        accumulate=iterations,
        shares=2 // iterations,
        of='iterations',
    )
    for name, case in {
        'video': dict(method='svformer'),
        'means': dict(method='asl_mix', threshold=FIXED, loss_weights=dict(WEIGHTS, contrast=0.0)),
        'contrast': dict(
            method='asl_mix', threshold=FIXED, loss_weights=dict(WEIGHTS, contrast=0.1), steps=1
        ),
    }.items()
    for iterations in (1, 2)
}
AGAIN = {'asl_mix again': CASES['asl_mix float64 1']}


@pytest.fixture(scope='module')
def runs():
    """Return the records of two ranks, and of one process, by case."""
    one = {name: dict(case, shares=2) for name, case in CASES.items()}
    started = [
        Ranks(train_all, 2, cases={**CASES, **AGAIN}),
        Ranks(train_all, 1, cases={**one, **SPLIT}),
    ]
    ranks, (single,) = (processes.results() for processes in started)
    return {name: ([rank[name] for rank in ranks], single.get(name)) for name in ranks[0]} | {
        name: single[name] for name in SPLIT
    }


@pytest.mark.parametrize('name', CASES)
def test_losses_are_equal(runs, name):
    ranks, one = runs[name]
    bound = BOUNDS[CASES[name]['dtype']]
    logs = mean_log(ranks)
    assert len(logs) == len(one['logs']) == STEPS * CASES[name]['accumulate']
    for two_ranks, one_rank in zip(logs, one['logs'], strict=True):
        assert two_ranks.keys() == one_rank.keys()
        for key in two_ranks.keys() - {NO_MEAN}:
            assert two_ranks[key] == pytest.approx(one_rank[key], rel=bound, abs=bound), key


@pytest.mark.parametrize('name', CASES)
def test_gradients_and_networks_are_equal(runs, name):
    ranks, one = runs[name]
    bound = BOUNDS[CASES[name]['dtype']]
    for rank in ranks:
        assert len(rank['grads']) == len(one['grads']) == STEPS
        for step, expected in zip(rank['grads'], one['grads'], strict=True):
            assert largest_difference(step, expected) < bound
        for network in ('student', 'teacher'):
            assert largest_difference(rank[network], one[network]) < bound


@pytest.mark.parametrize('name', CASES)
def test_thresholds_are_exactly_equal(runs, name):
    """Averages of float32 predictions to rounding: a network's own differ with the batch size."""
    (first, second), one = runs[name]
    is_rounded = name.split()[0] in ADAPTIVE and 'float32' in name
    assert first['threshold'].keys() == one['threshold'].keys()
    for key, value in one['threshold'].items():
        assert torch.equal(first['threshold'][key], second['threshold'][key]), key
        if is_rounded and value.is_floating_point():
            torch.testing.assert_close(first['threshold'][key], value, rtol=1e-5, atol=1e-6)
        else:
            assert torch.equal(first['threshold'][key], value), key


@pytest.mark.parametrize('name', CASES)
def test_ranks_stay_bit_identical(runs, name):
    first, second = runs[name][0]
    for network in ('student', 'teacher'):
        for key, value in first[network].items():
            assert torch.equal(value, second[network][key]), key


@pytest.mark.parametrize('name', CASES)
def test_gradients_are_sent_once_per_step(runs, name):
    """Iterations that only accumulate send nothing: MMEngine enters `no_sync`."""
    accumulate = CASES[name]['accumulate']
    expected = {(step + 1) * accumulate - 1 for step in range(STEPS)}
    for rank in runs[name][0]:
        assert set(rank['sent']) == expected


def test_the_cases_have_something_to_compare(runs):
    """Some pseudo labels pass and some do not; states and teachers have moved."""
    for name in CASES:
        first, *_, last = mean_log(runs[name][0])
        assert first['loss_mix'] > 0, name
        if name.endswith(' 1') and not name.startswith('soft'):  # there all have some weight
            assert 0 < last['pass_rate'] < 1, name
    for name in ('svformer_flex float64 1', 'asl_mix float64 1'):
        state = runs[name][1]['threshold']
        assert len(state['memory'].unique()) > 2
        assert state['learning_status'].unique().numel() > 2
    one = runs['asl_mix float64 1'][1]
    assert largest_difference(one['student'], one['teacher']) > 1e-4


def test_masks_are_those_of_the_rank(runs):
    """Ranks draw different masks, a rerun the same; one process drew both halves."""
    (first, second), one = runs['asl_mix float64 1']
    again = runs['asl_mix again'][0]
    for step in range(STEPS):
        halves = [first['masks'][step], second['masks'][step]]
        assert not torch.equal(*halves)
        assert torch.equal(torch.cat(halves), one['masks'][step])
        for rank, half in zip(again, halves, strict=True):
            assert torch.equal(rank['masks'][step], half)
    assert not torch.equal(first['masks'][0], first['masks'][1])


@pytest.mark.parametrize('name', ['video', 'means'])
def test_accumulated_means_equal_the_large_batch(runs, name):
    large, small = runs[f'{name} 1'], runs[f'{name} 2']
    assert len(small['logs']) == 2 * len(large['logs'])
    for step, log in enumerate(large['logs']):
        parts = small['logs'][2 * step : 2 * step + 2]
        for key in ('loss_sup', 'loss_unsup', 'loss_mix', 'mix_ratio', 'pass_rate'):
            mean = sum(part[key] for part in parts) / 2
            assert mean == pytest.approx(log[key], rel=1e-10, abs=1e-10)
    for grads, expected in zip(small['grads'], large['grads'], strict=True):
        assert largest_difference(grads, expected) < 1e-10
    assert largest_difference(small['teacher'], large['teacher']) < 1e-10


def test_accumulated_contrast_is_another_loss(runs):
    """Its negatives are the clips of one iteration, of all ranks: half as many here."""
    large, small = runs['contrast 1'], runs['contrast 2']
    mean = sum(log['loss_contrast'] for log in small['logs']) / 2
    assert mean < 0.95 * large['logs'][0]['loss_contrast']
    assert largest_difference(small['grads'][0], large['grads'][0]) > 1e-5
