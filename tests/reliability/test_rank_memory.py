"""What saves memory makes the same steps: activation checkpointing, ZeRO-1, FSDP."""

import pytest
import torch
from mmengine.runner.activation_checkpointing import turn_on_activation_checkpointing
from torch.autograd.graph import saved_tensors_hooks

from mmavssl.utils.configs import load_config
from tests.reliability.rank_data import make_loader
from tests.reliability.rank_guard import skips
from tests.reliability.rank_model import build_model, model_config
from tests.reliability.rank_processes import ROOT, Ranks
from tests.reliability.rank_zero import state_errors
from tests.reliability.ranks import STEPS, largest_difference, train_all

AUDIO_VISUAL = load_config(str(ROOT / 'configs/asl_mix/k400_1shot_zero.py'))
#: The small networks have two blocks each.
BLOCKS = [
    name for name in AUDIO_VISUAL.activation_checkpointing if name.rpartition('.')[2] in '01'
]
VIDEO_BLOCKS = [name for name in BLOCKS if 'audio' not in name]
FSDP = load_config(str(ROOT / 'configs/_base_/strategies/fsdp.py')).to_dict()
FSDP = dict(model_wrapper_cfg=FSDP['model_wrapper_cfg'])
ADAMW = dict(type='AdamW', lr=1e-3, weight_decay=0.05)
MAX_NORM = 0.01
CASES = {
    'checkpointed': dict(method='asl_mix', drop=0.2),
    'zero': dict(method='asl_mix', optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
    'zero adamw': dict(method='svformer_flex', optimizer=ADAMW, accumulate=2),
    'fsdp': dict(method='asl_mix', drop=0.2, accumulate=2),
    'fsdp clipped': dict(method='svformer', clip_grad=dict(max_norm=MAX_NORM)),
    'fsdp checkpointed': dict(method='svformer_flex', drop=0.2),
}


def zero(optimizer: dict) -> dict:
    """Return the optimizer with its state divided over the ranks."""
    return {**optimizer, 'type': 'ZeroRedundancyOptimizer', 'optimizer_type': optimizer['type']}


@pytest.fixture(scope='module')
def runs():
    """Return the records of two ranks, without and with what saves memory, by case."""
    saving = {
        'checkpointed': dict(settings=dict(activation_checkpointing=BLOCKS)),
        'zero': dict(optimizer=zero(CASES['zero']['optimizer'])),
        'zero adamw': dict(optimizer=zero(ADAMW)),
        'fsdp': dict(settings=FSDP),
        'fsdp clipped': dict(settings=FSDP),
        'fsdp checkpointed': dict(settings=dict(FSDP, activation_checkpointing=VIDEO_BLOCKS)),
    }
    cases = {f'{name} +': {**CASES[name], **more} for name, more in saving.items()}
    ranks = Ranks(train_all, 2, cases={**CASES, **cases}).results()
    return {name: [(rank[name], rank[f'{name} +']) for rank in ranks] for name in CASES}


@pytest.mark.parametrize('name', CASES)
def test_the_same_steps(runs, name):
    for plain, saving in runs[name]:
        assert len(saving['grads']) == STEPS
        for log, expected in zip(saving['logs'], plain['logs'], strict=True):
            assert log == pytest.approx(expected, rel=1e-12)
        for grads, expected in zip(saving['grads'], plain['grads'], strict=True):
            assert largest_difference(grads, expected) < 1e-12
        torch.testing.assert_close(saving['predicted'], plain['predicted'], rtol=0, atol=1e-12)
        for network in ('student', 'teacher'):
            assert largest_difference(saving[network], plain[network]) < 1e-12
        assert all(
            torch.equal(mask, expected)
            for mask, expected in zip(saving['masks'], plain['masks'], strict=True)
        )


def test_the_norm_of_divided_gradients_is_limited(runs):
    for _, sharded in runs['fsdp clipped']:
        for grads in sharded['grads']:
            norm = sum(value.square().sum() for value in grads.values()).sqrt()
            assert norm.item() == pytest.approx(MAX_NORM, rel=1e-3)


@pytest.mark.parametrize('name', ['zero', 'zero adamw', 'fsdp'])
def test_each_rank_has_a_part_of_the_state(runs, name):
    parts = [saving['state_size'] for _, saving in runs[name]]
    for plain, _ in runs[name]:
        assert sum(parts) == pytest.approx(plain['state_size'], rel=0.01)
        assert max(parts) < 0.65 * plain['state_size']


def test_each_rank_has_a_part_of_the_networks(runs):
    parts = [sharded['size'] for _, sharded in runs['fsdp']]
    for plain, _ in runs['fsdp']:
        assert sum(parts) == plain['size']
        assert max(parts) < 0.6 * plain['size']


def test_a_state_that_nothing_gathered_is_refused():
    first, second = Ranks(state_errors, 2).results()
    assert first[1] == 2
    for error in (first[0], first[2], *second):
        assert 'Add default_hooks.sharded_state' in error


@pytest.mark.parametrize('bad_rank', [None, 0])
def test_a_step_is_skipped_by_all_ranks_or_none(bad_rank):
    is_bad = bad_rank is not None
    assert Ranks(skips, 2, bad_rank=bad_rank).results() == [[is_bad, is_bad]] * 2


def kept_bytes(blocks: list[str]) -> int:
    """Return the bytes that one iteration keeps for its backward pass, without parameters."""
    model = build_model(model_config('asl_mix'), torch.float32).train()
    model.threshold.setup(14, 8)
    turn_on_activation_checkpointing(model, blocks)
    own = {value.untyped_storage().data_ptr() for value in model.parameters()}
    kept = {}

    def pack(value: torch.Tensor) -> torch.Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = (storage.nbytes(), value)  # alive, so no address is reused
        return value

    batch = next(iter(make_loader(12, 1, torch.float32)))
    batch = model.data_preprocessor(batch, training=True)
    with saved_tensors_hooks(pack, lambda value: value):
        model(**batch, mode='loss')
    return sum(size for size, _ in kept.values())


def test_checkpointing_keeps_less_for_the_backward_pass():
    assert kept_bytes(BLOCKS) < 0.5 * kept_bytes([])


def test_the_configs_name_every_block_of_their_student():
    cfg = AUDIO_VISUAL.model.student
    names = {
        f'student.{part}.blocks.{index}'
        for part in ('backbone', 'audio_backbone')
        for index in range(cfg[part].depth)
    }
    assert set(AUDIO_VISUAL.activation_checkpointing) == names
    path = 'configs/_base_/strategies/activation_checkpointing_video.py'
    video = load_config(str(ROOT / path)).activation_checkpointing
    assert set(video) == {name for name in names if '.audio_' not in name}
