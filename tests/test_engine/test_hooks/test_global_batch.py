import pytest

from mmavssl.engine.hooks import global_batch as module
from mmavssl.engine.hooks.global_batch import GlobalBatch, check_same
from mmavssl.utils.errors import ConfigError

HOOKS = [
    dict(type='EpochBoundaryHook'), dict(type='GlobalBatchHook'), dict(type='PlainCheckpointHook'),
]  # fmt: skip


@pytest.mark.parametrize(
    ('saved', 'now'),
    [((1, 24, 1), (1, 24, 1)), ((2, 12, 1), (1, 24, 1)), ((1, 24, 2), (4, 6, 2)),
     ((3, 2, 4), (2, 3, 4))],
)  # fmt: skip
def test_same_global_batch_goes_on(saved, now):
    check_same(GlobalBatch(*saved), GlobalBatch(*now))


@pytest.mark.parametrize(
    ('saved', 'now', 'advice'),
    [
        ((2, 12, 1), (1, 12, 1), 'Set train_dataloader.batch_size=24 and '
         'optim_wrapper.accumulative_counts=1;'),
        ((1, 24, 2), (4, 24, 2), 'batch_size=6 and optim_wrapper.accumulative_counts=2;'),
        ((1, 24, 2), (1, 24, 1), 'batch_size=24 and optim_wrapper.accumulative_counts=2;'),
        ((2, 6, 1), (5, 6, 1), 'processes that divides it: 1, 2, 3, 4, 6, 12;'),
    ],
)  # fmt: skip
def test_another_one_is_refused_with_what_to_set(saved, now, advice):
    with pytest.raises(ConfigError) as info:
        check_same(GlobalBatch(*saved), GlobalBatch(*now))
    text = str(info.value)
    assert f'with {saved[0] * saved[1]} clips an iteration ({saved[0]} processes of' in text
    assert advice in text
    assert text.endswith('or begin anew with its weights (load_from, without --resume).')


@pytest.mark.parametrize(
    ('saved', 'now', 'message'),
    [
        ((1, 4, 1, 10, 3), (1, 4, 1, 9, 3), r'with 10 iterations an epoch, but this run has 9'),
        ((1, 4, 1, 10, 3), (2, 2, 1, 10, 4), r'Set randomness\.seed=3;'),
        ((1, 4, 1, 10, 3, True), (2, 2, 1, 10, 3, True), r'had 1, this run has 2\. Use 1;'),
    ],
)  # fmt: skip
def test_other_clips_or_another_order_are_refused(saved, now, message):
    with pytest.raises(ConfigError, match=message):
        check_same(GlobalBatch(*saved), GlobalBatch(*now))
    check_same(GlobalBatch(*saved), GlobalBatch(*saved))
    check_same(GlobalBatch(*saved[:3]), GlobalBatch(*saved))  # of an older checkpoint


def test_list_that_has_grown(build_runner, tmp_path, monkeypatch):
    build_runner(HOOKS).train()
    runner = build_runner(
        HOOKS, epochs=2, resume=True, load_from=str(tmp_path / 'run/epoch_1.pth')
    )
    pool = type(runner.train_dataloader.dataset)
    monkeypatch.setattr(pool, '__len__', lambda self: 14)
    with pytest.raises(ConfigError, match='with 5 iterations an epoch, but this run has 7'):
        build_runner(
            HOOKS, epochs=2, resume=True, load_from=str(tmp_path / 'run/epoch_1.pth')
        ).train()


def test_processes_that_go_on_from_different_checkpoints(build_runner, monkeypatch):
    monkeypatch.setattr(module, 'all_gather_object', lambda place: [place, (3, 15)])
    with pytest.raises(ConfigError, match=r'rank 0: \(0, 0\), rank 1: \(3, 15\)'):
        build_runner(HOOKS).train()


def test_run_writes_and_compares_it(build_runner, tmp_path, monkeypatch):
    build_runner(HOOKS).train()
    path = str(tmp_path / 'run/epoch_1.pth')
    again = build_runner(HOOKS, epochs=2, resume=True, load_from=path)
    again.train()
    assert again.iter == 10

    # Weights alone may be those of any run.
    build_runner(HOOKS, accumulate=2, load_from=path, name='other').train()
    with pytest.raises(ConfigError, match=r'\(1 processes of 2, 1 iterations a step\)'):
        build_runner(HOOKS, epochs=2, accumulate=2, resume=True, load_from=path).train()
    monkeypatch.setattr(module, 'get_world_size', lambda: 2)
    with pytest.raises(ConfigError, match=r'train_dataloader\.batch_size=1 '):
        build_runner(HOOKS, epochs=2, resume=True, load_from=path).train()
