import multiprocessing
import os
import signal
import time

import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.hooks import PreemptionHook
from mmavssl.engine.hooks.preemption import leave_if_asked_before_training
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


class SendInValidation(Hook):
    """Send a signal while an epoch is validated; note the iterations of validations."""

    def __init__(self, epoch=None):
        self.epoch, self.validated = epoch, []

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.validated.append((runner.epoch, batch_idx))
        if (runner.epoch, batch_idx) == (self.epoch, 1):
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(('interval', 'saved'), [(1, 'epoch_2.pth'), (3, 'iter_10.pth')])
def test_validation_is_broken_off_and_made_good(build_runner, tmp_path, interval, saved):
    checkpoint = dict(type='SafeCheckpointHook', interval=interval)
    settings = dict(checkpoint=checkpoint, val=True, epochs=3, loop='ResumableTrainLoop')
    hooks = [*HOOKS, dict(type='PreemptionHook')]
    whole = build_runner(hooks, name='whole', **settings)
    whole.train()
    sent = SendInValidation(2)
    stopped = build_runner([*hooks, sent], name='stopped', **settings)
    stopped.train()
    assert stopped.train_loop.is_preempted
    assert sent.validated == [(1, n) for n in range(5)] + [(2, 0), (2, 1)]
    path = tmp_path / 'stopped' / saved
    assert (tmp_path / 'stopped/preempted').read_text() == f'{path}\n'

    noted = SendInValidation()
    resumed = build_runner(
        [*hooks, noted], name='stopped', resume=True, load_from=str(path), **settings
    )
    resumed.train()
    assert noted.validated == [(epoch, n) for epoch in (2, 3) for n in range(5)]
    for key, value in whole.model.state_dict().items():
        assert value.equal(resumed.model.state_dict()[key]), key
    for name in ('train/loss', 'val/acc'):
        one, other = (run.message_hub.log_scalars[name].data for run in (whole, resumed))
        assert [part.tolist() for part in one] == [part.tolist() for part in other]
    assert not (tmp_path / 'stopped/iter_10.pth').exists()


def test_signal_before_training(tmp_path):
    def be_asked():
        leave_if_asked_before_training(str(tmp_path / 'new'))
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(60)

    process = multiprocessing.get_context('fork').Process(target=be_asked)
    process.start()
    process.join(60)
    assert process.exitcode == 75
    assert (tmp_path / 'new/preempted').read_text() == 'training had not begun\n'


def test_no_answer_of_before_training_when_it_is_over(build_runner, tmp_path):
    """It would queue a run that is complete once more."""
    leave_if_asked_before_training(str(tmp_path))
    build(build_runner, 'run').train()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


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
