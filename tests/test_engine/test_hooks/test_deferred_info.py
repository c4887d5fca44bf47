import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import DeferredInfoHook

EVERY_ITERATION = dict(type='SafeCheckpointHook', interval=1, by_epoch=False, max_keep_ckpts=-1)


class Reads(Hook):
    """Count the entries of the hub after each iteration."""

    def __init__(self):
        self.counts = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        buffer = runner.message_hub.log_scalars.get('train/loss')
        self.counts.append(0 if buffer is None else len(buffer.data[0]))


def build(build_runner, name, hook, more=(), **kwargs):
    runner = build_runner(
        [dict(type='StepSeedHook'), dict(type='PlainCheckpointHook'), *more], name=name, epochs=2,
        loop='ResumableTrainLoop', **kwargs,
    )  # fmt: skip
    runner._hooks = [each for each in runner.hooks if type(each).__name__ != 'RuntimeInfoHook']
    runner.register_hook(hook)
    return runner


def test_numbers_are_read_where_they_are_shown(build_runner):
    """Five iterations an epoch, shown every two."""
    reads = Reads()
    build(build_runner, 'run', dict(type='DeferredInfoHook'), [reads]).train()
    assert reads.counts == [0, 2, 2, 4, 5, 5, 7, 7, 9, 10]


def test_log_and_checkpoints_are_those_of_mmengine(build_runner, tmp_path):
    runs = [
        build(build_runner, kind, dict(type=kind), checkpoint=EVERY_ITERATION)
        for kind in ('RuntimeInfoHook', 'DeferredInfoHook')
    ]
    for run in runs:
        run.train()
    one, other = (run.message_hub.log_scalars for run in runs)
    assert one.keys() == other.keys()
    for name in ('train/loss', 'train/lr'):
        assert [part.tolist() for part in one[name].data] == [
            part.tolist() for part in other[name].data
        ]
    for number in range(1, 11):
        hubs = [
            torch.load(tmp_path / kind / f'iter_{number}.pth', weights_only=True)['message_hub']
            for kind in ('RuntimeInfoHook', 'DeferredInfoHook')
        ]
        losses = [hub['log_scalars']['train/loss'] for hub in hubs]
        assert losses[0] == losses[1]
        assert len(losses[1]['values']) == number


@pytest.mark.parametrize('value', [0.1, torch.tensor(0.1), torch.tensor(0.1).double()])
def test_numbers_are_exact(build_runner, value):
    hook = DeferredInfoHook()
    hook.pending = [('train/a', value)]
    runner = build_runner()
    hook._read(runner)
    expected = value.item() if isinstance(value, torch.Tensor) else value
    assert runner.message_hub.log_scalars['train/a'].data[0].tolist() == [expected]
