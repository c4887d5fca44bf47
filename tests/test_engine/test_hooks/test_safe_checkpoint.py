import errno
import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmavssl.engine.checkpoints import checkpoint_to_resume, newest_checkpoint
from mmavssl.engine.checkpoints.sidecar import Sidecar, describe_damage
from mmavssl.engine.hooks import SafeCheckpointHook
from mmavssl.utils.errors import CheckpointError, ConfigError

HOOKS = [
    dict(type='StepSeedHook'),
    dict(type='EpochBoundaryHook'),
    dict(type='EMATeacherHook', momentum=0.2),
    dict(type='PlainCheckpointHook'),
]


def build(build_runner, name='run', more=(), **kwargs):
    settings = dict(type='SafeCheckpointHook', interval=1, **kwargs.pop('checkpoint', {}))
    kwargs.setdefault('loop', 'ResumableTrainLoop')
    return build_runner([*HOOKS, *more], name=name, checkpoint=settings, **kwargs)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in ('.pth', '.json'))


def test_checkpoints_are_whole_and_say_when_they_were_made(build_runner, tmp_path):
    build(build_runner, epochs=2).train()
    folder = tmp_path / 'run'
    assert names(folder) == [f'epoch_{n}.pth{end}' for n in (1, 2) for end in ('', '.json')]
    for epoch in (1, 2):
        path = folder / f'epoch_{epoch}.pth'
        assert describe_damage(path) is None
        assert Sidecar.read(path)[2:] == (epoch, 5 * epoch)
    assert (folder / 'last_checkpoint').read_text() == str(folder / 'epoch_2.pth')


def test_those_that_are_too_many_go_last(build_runner, tmp_path):
    """A new checkpoint and the pointer to it are there before an old one goes."""
    folder, seen = tmp_path / 'run', []
    runner = build(build_runner, epochs=4, checkpoint=dict(max_keep_ckpts=1))
    unlink = os.remove

    def note(path):
        files = [name for name in names(folder) if name.endswith('.pth')]
        seen.append((Path(path).name, files, (folder / 'last_checkpoint').read_text()[-11:]))
        unlink(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'remove', note)
        runner.train()
    assert seen == [
        (f'epoch_{n}.pth', [f'epoch_{n}.pth', f'epoch_{n + 1}.pth'], f'epoch_{n + 1}.pth')
        for n in (1, 2, 3)
    ]
    assert names(folder) == ['epoch_4.pth', 'epoch_4.pth.json']


def refuse_from(monkeypatch, number):
    """Let the disk be full from a certain call of fsync on."""
    calls, sync = [], os.fsync

    def refuse(opened):
        calls.append(opened)
        if len(calls) >= number:
            raise OSError(errno.ENOSPC, 'No space left on device')
        sync(opened)

    monkeypatch.setattr(os, 'fsync', refuse)


@pytest.mark.parametrize('number', range(7, 13))
def test_full_disk_leaves_the_last_one_as_it_is(build_runner, tmp_path, monkeypatch, number):
    """Six calls bring a checkpoint, its sidecar and the pointer to the disk."""
    folder = tmp_path / 'run'
    runner = build(build_runner, epochs=3, checkpoint=dict(max_keep_ckpts=1))
    refuse_from(monkeypatch, number)
    with pytest.raises(CheckpointError, match='the disk is full'):
        runner.train()
    monkeypatch.undo()
    assert describe_damage(folder / 'epoch_1.pth') is None
    newest = newest_checkpoint(folder, pytest.fail)
    assert newest in (folder / 'epoch_1.pth', folder / 'epoch_2.pth')
    resumed = build(build_runner, epochs=3, resume=True, load_from=str(newest))
    resumed.train()
    whole = build(build_runner, 'whole', epochs=3)
    whole.train()
    for name, value in whole.model.state_dict().items():
        assert value.equal(resumed.model.state_dict()[name]), name


def test_drafts_of_a_killed_run_are_removed(build_runner, tmp_path):
    draft = tmp_path / 'run/.epoch_7.pth.draft'
    draft.parent.mkdir()
    draft.write_bytes(b'half')
    build(build_runner).train()
    assert not draft.exists()


class Accuracies(Hook):
    """Replace the accuracy by given ones."""

    priority = 'VERY_HIGH'

    def __init__(self, values):
        self.values = iter(values)

    def after_val_epoch(self, runner, metrics):
        metrics['acc'] = next(self.values)


def test_best_one_goes_after_the_better_one_is_there(build_runner, tmp_path):
    runner = build(
        build_runner, epochs=4, val=True, more=[Accuracies([0.2, 0.1, 0.6, 0.3])],
        checkpoint=dict(max_keep_ckpts=1, save_best='acc'),
    )  # fmt: skip
    folder, seen, unlink = tmp_path / 'run', [], os.remove

    def note(path):
        if 'best' in Path(path).name:
            seen.append(sorted(p.name for p in folder.glob('best*.pth')))
        unlink(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'remove', note)
        runner.train()
    assert seen == [['best_acc_epoch_1.pth', 'best_acc_epoch_3.pth']]
    best = folder / 'best_acc_epoch_3.pth'
    assert names(folder) == [best.name, f'{best.name}.json', 'epoch_4.pth', 'epoch_4.pth.json']
    assert Sidecar.read(best)[2:] == (3, 15)
    assert newest_checkpoint(folder, pytest.fail) == folder / 'epoch_4.pth'


@pytest.mark.parametrize(
    ('accumulate', 'saved'), [(1, [2, 4, 6, 8, 10]), (3, [3, 5, 8, 10]), (5, [5, 10])]
)
def test_checkpoints_within_an_epoch_follow_a_step(build_runner, tmp_path, accumulate, saved):
    """Five iterations an epoch, a checkpoint every two: it waits for the optimizer step."""
    runner = build(
        build_runner, epochs=2, accumulate=accumulate,
        checkpoint=dict(by_epoch=False, max_keep_ckpts=9), name='run',
    )  # fmt: skip
    hook = next(hook for hook in runner.hooks if isinstance(hook, SafeCheckpointHook))
    hook.interval = 2
    runner.train()
    steps = sorted(Sidecar.read(path).iter for path in (tmp_path / 'run').glob('*.pth'))
    assert steps == saved


def test_interim_one_gives_way_to_the_next(build_runner, tmp_path):
    class Interim(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.iter == 2:
                hook = next(h for h in runner.hooks if isinstance(h, SafeCheckpointHook))
                self.path = hook.save_interim(runner, runner.iter + 1)
                self.found = names(Path(runner.work_dir))

    interim = Interim()
    build(build_runner, more=[interim]).train()
    assert interim.path == str(tmp_path / 'run/iter_3.pth')
    assert interim.found == ['iter_3.pth', 'iter_3.pth.json']
    assert names(tmp_path / 'run') == ['epoch_1.pth', 'epoch_1.pth.json']


def test_interim_one_that_is_a_regular_one_stays(build_runner, tmp_path):
    class Interim(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.iter == 2:
                hook = next(h for h in runner.hooks if isinstance(h, SafeCheckpointHook))
                assert hook.save_interim(runner, 3) == str(tmp_path / 'run/iter_3.pth')

    build(build_runner, more=[Interim()], checkpoint=dict(by_epoch=False)).train()
    assert [path.name for path in sorted((tmp_path / 'run').glob('*.pth'))] == [
        f'iter_{n}.pth' for n in range(1, 6)
    ]


def test_run_that_begins_elsewhere_removes_nothing_there(build_runner, tmp_path):
    """Not the interim checkpoint that it began with, nor what was best there."""

    class Interim(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if runner.iter == 6:
                hook = next(h for h in runner.hooks if isinstance(h, SafeCheckpointHook))
                hook.save_interim(runner, 7)
                runner.train_loop.preempt()

    settings = dict(checkpoint=dict(save_best='acc'), val=True)
    build(build_runner, 'old', [Interim(), Accuracies([0.2])], epochs=2, **settings).train()
    before = names(tmp_path / 'old')
    assert 'iter_7.pth' in before
    assert 'best_acc_epoch_1.pth' in before
    build(
        build_runner, 'new', [Accuracies([0.3])], epochs=2, resume=True,
        load_from=str(tmp_path / 'old/iter_7.pth'), **settings,
    ).train()  # fmt: skip
    assert names(tmp_path / 'old') == before
    assert 'best_acc_epoch_2.pth' in names(tmp_path / 'new')


def test_new_run_sets_those_of_an_earlier_one_aside(build_runner, tmp_path):
    folder = tmp_path / 'run'
    build(build_runner, epochs=3).train()
    torch.save({'layer.weight': torch.zeros(1)}, folder / 'weights.pth')  # of nobody's run
    old = folder / 'epoch_9.pth'  # of MMEngine's own hook
    torch.save({'meta': {'iter': 9}, 'state_dict': {}, 'optimizer': {}}, old)
    states = {path.name: path.read_bytes() for path in folder.glob('epoch_*')}
    runner = build(build_runner, epochs=1)
    runner.train()
    [aside] = folder.glob('before_*')
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == states
    assert names(folder) == ['epoch_1.pth', 'epoch_1.pth.json', 'weights.pth']
    assert newest_checkpoint(folder, lambda text: None) == folder / 'epoch_1.pth'

    resumed = build(build_runner, epochs=2, resume=True, load_from=str(folder / 'epoch_1.pth'))
    resumed.train()
    assert names(folder)[:2] == ['epoch_1.pth', 'epoch_1.pth.json']
    assert list(folder.glob('before_*')) == [aside]


def test_new_run_does_not_begin_with_what_it_would_write_over(build_runner, tmp_path):
    build(build_runner).train()
    path = tmp_path / 'run/epoch_1.pth'
    with pytest.raises(ConfigError, match='where a new run would write over it'):
        build(build_runner, load_from=str(path)).train()
    assert describe_damage(path) is None


def test_run_that_goes_on_with_another_one_has_that_ones_files_left_alone(build_runner, tmp_path):
    """Also those of an earlier run in its own folder, whose numbers it inherits from nobody."""
    build(build_runner, 'there', epochs=2).train()
    keep = dict(checkpoint=dict(max_keep_ckpts=1))
    build(build_runner, 'here', epochs=1, **keep).train()
    before = {path.name: path.read_bytes() for path in (tmp_path / 'here').glob('epoch_1.pth')}
    build(
        build_runner, 'here', epochs=4, resume=True,
        load_from=str(tmp_path / 'there/epoch_2.pth'), **keep,
    ).train()  # fmt: skip
    [aside] = (tmp_path / 'here').glob('before_*')
    assert {path.name: path.read_bytes() for path in aside.glob('*.pth')} == before
    assert names(tmp_path / 'here') == ['epoch_4.pth', 'epoch_4.pth.json']
    assert 'epoch_1.pth' in names(tmp_path / 'there')


@pytest.mark.parametrize('work_dir', ['copy', 'copy/../copy'])
def test_copied_run_goes_on_as_the_original_does(build_runner, tmp_path, monkeypatch, work_dir):
    monkeypatch.chdir(tmp_path)
    build(build_runner, 'run', epochs=2).train()
    shutil.copytree('run', 'copy')
    before = {path.name: path.read_bytes() for path in Path('run').glob('*epoch_*')}
    states = {}
    for name, folder in (('copy', work_dir), ('run', 'run')):
        assert {path.name: path.read_bytes() for path in Path('run').glob('*epoch_*')} == before
        found = checkpoint_to_resume(folder, ['auto'])
        build(build_runner, name, epochs=3, resume=True, load_from=found).train()
        assert [path.name for path in sorted(Path(name).glob('*.pth'))] == [
            f'epoch_{number}.pth' for number in (1, 2, 3)
        ]
        assert list(Path(name).glob('before_*')) == []
        states[name] = torch.load(Path(name, 'epoch_3.pth'), weights_only=True)['state_dict']
    assert all(states['copy'][name].equal(value) for name, value in states['run'].items())


def test_folder_outside_of_two_runs(build_runner, tmp_path):
    """MMEngine names it by the last part of the work dir alone."""
    settings = dict(checkpoint=dict(out_dir=str(tmp_path / 'disk')))
    build(build_runner, 'one/x', **settings).train()
    assert names(tmp_path / 'disk/x') == ['epoch_1.pth', 'epoch_1.pth.json']
    with pytest.raises(ConfigError, match=r'disk/x has the checkpoints of the run in .*/one/x\.'):
        build(build_runner, 'two/x', **settings).train()
    found = newest_checkpoint(tmp_path / 'one/x', pytest.fail)
    assert found == tmp_path / 'disk/x/epoch_1.pth'
    build(build_runner, 'one/x', epochs=2, resume=True, load_from=str(found), **settings).train()
    assert list((tmp_path / 'disk/x').glob('before_*')) == []


def test_what_it_does_not_take():
    with pytest.raises(ConfigError, match='takes `backend_args`, not `file_client_args`'):
        SafeCheckpointHook(file_client_args=dict(backend='disk'))
    with pytest.raises(ConfigError, match=r"to end with '\.pth', by which --resume .*'e_{}\.pt'"):
        SafeCheckpointHook(filename_tmpl='e_{}.pt')


def test_checkpoints_are_plain_data(build_runner, tmp_path):
    build(build_runner, val=True, checkpoint=dict(save_best='acc')).train()
    for path in (tmp_path / 'run').glob('*.pth'):
        assert torch.load(path, weights_only=True)['meta']['iter'] == 5
