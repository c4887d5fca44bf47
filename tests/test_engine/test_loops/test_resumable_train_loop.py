import pytest
from mmengine.hooks import Hook
from torch.utils.data import Dataset

from mmavssl.engine.checkpoints.sidecar import Sidecar

HOOKS = [
    dict(type='StepSeedHook'),
    dict(type='EpochBoundaryHook'),
    dict(type='EMATeacherHook', momentum=0.2),
    dict(type='ThresholdUpdateHook'),
    dict(type='PlainCheckpointHook'),
]
EVERY_TWO = dict(type='SafeCheckpointHook', interval=2, by_epoch=False, save_last=False)


class Reads(Dataset):
    """Note what is read."""

    metainfo = {'classes': ('a', 'b', 'c')}

    def __init__(self, pool):
        self.pool, self.read = pool, []

    @property
    def unlabeled(self):
        return self.pool.clips

    def __len__(self):
        return len(self.pool)

    def __getitem__(self, index):
        self.read.append(index)
        return self.pool[index]


class Validations(Hook):
    def __init__(self):
        self.epochs, self.hub = [], []

    def after_val_epoch(self, runner, metrics=None):
        self.epochs.append(runner.epoch)
        info = runner.message_hub.runtime_info
        self.hub.append((info['epoch'], info['iter']))


def build(build_runner, name, more=(), **kwargs):
    kwargs.setdefault('checkpoint', EVERY_TWO)
    return build_runner(
        [*HOOKS, *more], name=name, epochs=3, loop='ResumableTrainLoop', **kwargs
    )


@pytest.mark.parametrize('accumulate', [1, 2])
@pytest.mark.parametrize('workers', [0, 2])
def test_any_checkpoint_goes_on_as_an_uninterrupted_run(
    build_runner, tmp_path, accumulate, workers
):
    whole = build(build_runner, 'whole', accumulate=accumulate, workers=workers)
    whole.train()
    checkpoints = sorted((tmp_path / 'whole').glob('*.pth'))
    assert len(checkpoints) >= 6
    for path in checkpoints[:: 3 if workers else 1]:
        resumed = build(
            build_runner, path.stem, accumulate=accumulate, workers=workers, resume=True,
            load_from=str(path),
        )  # fmt: skip
        resumed.train()
        assert resumed.iter == 15
        for name, value in whole.model.state_dict().items():
            assert value.equal(resumed.model.state_dict()[name]), name
        for one, other in zip(
            whole.optim_wrapper.state_dict()['state'].values(),
            resumed.optim_wrapper.state_dict()['state'].values(),
            strict=True,
        ):
            assert one['momentum_buffer'].equal(other['momentum_buffer'])
        losses = [run.message_hub.log_scalars['train/loss'].data[0] for run in (whole, resumed)]
        assert losses[0].tolist() == losses[1].tolist()


def test_loss_scale_goes_on_as_well(build_runner, tmp_path, amp):
    whole = build(build_runner, 'whole', wrapper=amp)
    whole.train()
    resumed = build(
        build_runner, 'resumed', wrapper=amp, resume=True,
        load_from=str(tmp_path / 'whole/iter_8.pth'),
    )  # fmt: skip
    resumed.train()
    scaler = whole.optim_wrapper.loss_scaler.state_dict()
    assert scaler['scale'] == 8 * 2 ** (15 // 3)
    assert resumed.optim_wrapper.loss_scaler.state_dict() == scaler
    for name, value in whole.model.state_dict().items():
        assert value.equal(resumed.model.state_dict()[name]), name


def test_nothing_of_the_batches_before_is_read(build_runner, tmp_path, pool):
    whole = Reads(pool)
    build(build_runner, 'whole', dataset=whole).train()
    rest = Reads(pool)
    path = str(tmp_path / 'whole/iter_8.pth')
    build(build_runner, 'rest', dataset=rest, resume=True, load_from=path).train()
    assert rest.read == whole.read[2 * 8 :]


def test_validation_that_was_cut_off_is_made_good(build_runner, tmp_path):
    every = dict(type='SafeCheckpointHook', interval=1)
    first = Validations()
    build(build_runner, 'whole', [first], val=True, checkpoint=every).train()
    assert first.epochs == [1, 2, 3]
    again = Validations()
    path = str(tmp_path / 'whole/epoch_2.pth')
    build(
        build_runner, 'again', [again], val=True, checkpoint=every, resume=True, load_from=path
    ).train()
    assert again.epochs == [2, 3]
    assert again.hub == first.hub[1:] == [(1, 9), (2, 14)]


@pytest.mark.parametrize('by_epoch', [True, False])
def test_checkpoint_of_the_last_iteration(build_runner, tmp_path, by_epoch):
    """The validation of the last epoch is made good with the hub of a run that was not stopped."""
    often = dict(type='SafeCheckpointHook', interval=1, by_epoch=by_epoch)
    first = Validations()
    build(build_runner, 'whole', [first], val=True, checkpoint=often).train()
    again = Validations()
    path = tmp_path / 'whole' / ('epoch_3.pth' if by_epoch else 'iter_15.pth')
    build(
        build_runner, 'again', [again], val=True, checkpoint=often, resume=True,
        load_from=str(path),
    ).train()  # fmt: skip
    assert again.hub == first.hub[-1:] == [(2, 14)]


def test_validation_that_the_checkpoint_has_is_not_repeated(build_runner, tmp_path):
    """The best checkpoint's epoch is saved once more after its validation."""
    every = dict(type='SafeCheckpointHook', interval=1, save_best='acc')
    build(build_runner, 'whole', val=True, checkpoint=every).train()
    again = Validations()
    path = str(tmp_path / 'whole/epoch_1.pth')
    build(
        build_runner, 'again', [again], val=True, checkpoint=every, resume=True, load_from=path
    ).train()
    assert again.epochs == [2, 3]


def test_iterations_of_checkpoints(build_runner, tmp_path):
    build(build_runner, 'run').train()
    found = sorted(Sidecar.read(path)[2:] for path in (tmp_path / 'run').glob('*.pth'))
    assert found == [(0, 2), (0, 4), (1, 6), (1, 8), (1, 10), (2, 12), (2, 14)]
