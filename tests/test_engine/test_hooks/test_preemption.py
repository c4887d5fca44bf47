import os
import signal

import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import PreemptionHook
from mmavssl.utils.errors import ConfigError

HOOKS = [
    dict(type='StepSeedHook'),
    dict(type='EpochBoundaryHook'),
    dict(type='EMATeacherHook', momentum=0.2),
    dict(type='ThresholdUpdateHook'),
    dict(type='PlainCheckpointHook'),
]
SAFE = dict(type='SafeCheckpointHook', interval=1)


class Send(Hook):
    """Send a signal to this process while an iteration runs."""

    def __init__(self, number, name):
        self.number, self.name = number, name

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.number:
            os.kill(os.getpid(), getattr(signal, self.name))


def build(build_runner, name, more=(), **kwargs):
    return build_runner(
        [*HOOKS, dict(type='PreemptionHook'), *more], name=name, epochs=3, checkpoint=SAFE,
        loop='ResumableTrainLoop', **kwargs,
    )  # fmt: skip


@pytest.mark.parametrize(('accumulate', 'sent', 'left'), [(1, 6, 7), (3, 5, 8), (3, 8, 10)])
@pytest.mark.parametrize('name', ['SIGTERM', 'SIGUSR1'])
def test_run_that_was_asked_to_leave_goes_on_as_if_nothing_was(
    build_runner, tmp_path, accumulate, sent, left, name
):
    """It leaves after the optimizer step; there are five iterations an epoch."""
    whole = build(build_runner, 'whole', accumulate=accumulate)
    whole.train()
    stopped = build(build_runner, 'stopped', [Send(sent, name)], accumulate=accumulate)
    stopped.train()
    assert stopped.train_loop.is_preempted
    path = tmp_path / f'stopped/iter_{left}.pth'
    assert (tmp_path / 'stopped/preempted').read_text() == f'{path}\n'
    assert (tmp_path / 'stopped/last_checkpoint').read_text() == str(path)
    assert torch.load(path, weights_only=True)['meta']['iter'] == left

    resumed = build(
        build_runner, 'stopped', accumulate=accumulate, resume=True, load_from=str(path)
    )
    resumed.train()
    assert not (tmp_path / 'stopped/preempted').exists()
    for key, value in whole.model.state_dict().items():
        assert value.equal(resumed.model.state_dict()[key]), key
    scalars = [run.message_hub.log_scalars['train/loss'].data[0] for run in (whole, resumed)]
    assert scalars[0].tolist() == scalars[1].tolist()
    assert sorted(p.name for p in (tmp_path / 'stopped').glob('*.pth')) == [
        f'epoch_{n}.pth' for n in (1, 2, 3)
    ]


def test_handlers_are_put_back(build_runner):
    before = signal.getsignal(signal.SIGTERM)
    runner = build(build_runner, 'run')
    runner.train()
    assert signal.getsignal(signal.SIGTERM) is before
    assert not runner.train_loop.is_preempted


@pytest.mark.parametrize(
    'change', [dict(loop='EpochBasedTrainLoop'), dict(checkpoint=dict(type='CheckpointHook'))]
)
def test_what_it_needs(build_runner, change):
    settings = dict(checkpoint=SAFE, loop='ResumableTrainLoop') | change
    runner = build_runner([*HOOKS, dict(type='PreemptionHook')], **settings)
    with pytest.raises(ConfigError, match=r"default_hooks\.checkpoint\.type='SafeCheckpointHook'"):
        runner.train()


def test_unknown_signal():
    with pytest.raises(ConfigError, match='names like SIGTERM, but got SIGNONE'):
        PreemptionHook(signals=['SIGTERM', 'SIGNONE'])
