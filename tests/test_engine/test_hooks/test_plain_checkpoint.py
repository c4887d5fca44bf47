from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmavssl.engine.hooks.plain_checkpoint import to_plain

HOOKS = [
    dict(type='StepSeedHook'),
    dict(type='EMATeacherHook', momentum=0.1),
    dict(type='ThresholdUpdateHook', interval=2),
    dict(type='PlainCheckpointHook'),
]
OF_THE_CLOCK = ('train/time', 'train/data_time')


def assert_same(first, second, where=''):
    assert type(first) is type(second), where
    if isinstance(first, dict):
        assert list(first) == list(second), where
        for key in first:
            assert_same(first[key], second[key], f'{where}.{key}')
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second), where
        for index, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f'{where}[{index}]')
    elif torch.is_tensor(first):
        assert torch.equal(first, second), where
    else:
        assert first == second, where


def plain_types(value):
    yield type(value)
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from plain_types(item)


def load(folder, epoch):
    return torch.load(folder / f'epoch_{epoch}.pth', weights_only=True)


def test_checkpoint_is_plain_data(build_runner, tmp_path):
    runner = build_runner(HOOKS, val=True)
    runner.message_hub.update_info('best', np.float64(0.5))
    runner.train()
    checkpoint = load(tmp_path / 'run', 1)
    allowed = {dict, OrderedDict, Counter, list, tuple, str, int, float, bool, type(None)}
    assert set(plain_types(checkpoint)) <= allowed | {torch.Tensor}
    assert checkpoint['message_hub']['runtime_info']['best'] == 0.5
    assert checkpoint['meta']['dataset_meta'] == {'classes': ('a', 'b', 'c')}
    loss = checkpoint['message_hub']['log_scalars']['train/loss']
    assert loss['values'] == runner.message_hub.get_scalar('train/loss').data[0].tolist()
    # Saving does not change what the run goes on with.
    assert isinstance(runner.message_hub.get_scalar('train/loss'), HistoryBuffer)


@pytest.mark.parametrize('accumulate', [1, 5])  # 5 iterations an epoch
def test_resumed_run_equals_uninterrupted_run(build_runner, tmp_path, accumulate):
    whole = build_runner(HOOKS, epochs=3, name='whole', val=True, accumulate=accumulate)
    whole.train()
    # From the file of epoch 2, as after an interruption: a run that was told to make 2 epochs
    # would have stored that number as the end of its learning rate schedule.
    resumed = build_runner(
        HOOKS,
        epochs=3,
        name='parts',
        val=True,
        accumulate=accumulate,
        resume=True,
        load_from=str(tmp_path / 'whole' / 'epoch_2.pth'),
    )
    resumed.train()

    first, second = load(tmp_path / 'whole', 3), load(tmp_path / 'parts', 3)
    for key in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(first[key], second[key], key)
    assert first['optimizer']['state']
    logs = [run.message_hub.log_scalars for run in (whole, resumed)]
    assert list(logs[0]) == list(logs[1])
    # An epoch is validated after its checkpoint is written, so a resumed log lacks that entry.
    for name in (name for name in logs[0] if name.startswith('train/')):
        values = [log[name].data for log in logs]
        assert len(values[0][0]) == len(values[1][0])
        assert values[0][0].dtype == values[1][0].dtype
        if name not in OF_THE_CLOCK:
            np.testing.assert_array_equal(values[0], values[1], err_msg=name)


def test_weights_without_a_log_load(build_runner, tmp_path):
    runner = build_runner(HOOKS)
    torch.save({'state_dict': runner.model.state_dict()}, tmp_path / 'weights.pth')
    runner.load_checkpoint(str(tmp_path / 'weights.pth'))


def test_to_plain():
    value = {
        'scalar': np.float32(0.5),
        'array': np.arange(3),
        'nested': [(np.int64(1), {np.int64(2): np.bool_(True)})],
        'path': Path('a') / 'b',
        'parameter': torch.nn.Parameter(torch.ones(1)),
        'milestones': Counter({1: 2}),
        'none': None,
    }
    plain = to_plain(value)
    assert plain == {
        'scalar': 0.5,
        'array': [0, 1, 2],
        'nested': [(1, {2: True})],
        'path': 'a/b',
        'parameter': torch.ones(1),
        'milestones': Counter({1: 2}),
        'none': None,
    }
    assert {type(item) for item in plain['nested'][0][1].values()} == {bool}
    assert type(plain['milestones']) is Counter
    assert type(plain['parameter']) is torch.Tensor


def test_state_dict_keeps_its_metadata():
    state = torch.nn.BatchNorm1d(2).state_dict()
    assert to_plain(state) is state


def test_object_is_named(build_runner):
    runner = build_runner(HOOKS)
    runner.message_hub.update_info('thing', object())
    with pytest.raises(ValueError, match=r'`message_hub.runtime_info.thing` is a object'):
        runner.train()
