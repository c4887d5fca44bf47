
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.hooks import Hook

from mmavssl.engine.hooks import ThresholdUpdateHook
from mmavssl.engine.hooks.threshold_update import pool_sizes
from mmavssl.models.thresholds import FlexThreshold
from mmavssl.utils.distributed import gather
from mmavssl.utils.errors import ConfigError

HOOK = dict(type='ThresholdUpdateHook', interval=2)


class PendingRecorder(Hook):
    """Note what the algorithm left for the hook."""

    priority = 'ABOVE_NORMAL'

    def __init__(self):
        self.pending = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.pending.append(runner.model.pending_threshold_update)


def test_state_follows_the_predictions(build_runner):
    recorder = PendingRecorder()
    runner = build_runner([recorder, HOOK], epochs=2)
    runner.train()
    threshold = runner.model.threshold
    assert len(recorder.pending) == 10

    memory = [-1] * 10
    for probs, indices in recorder.pending:
        for row, index in zip(probs.tolist(), indices.tolist(), strict=True):
            if max(row) >= threshold.threshold:
                memory[index] = row.index(max(row))
    assert threshold.memory.tolist() == memory
    largest = max(memory.count(label) for label in (-1, 0, 1, 2))
    expected = [memory.count(label) / largest for label in range(3)]
    assert threshold.learning_status.tolist() == pytest.approx(expected)
    assert runner.model.pending_threshold_update is None


def test_log_at_intervals_and_at_the_end_of_the_epoch(build_runner):
    runner = build_runner([HOOK], epochs=2)
    runner.train()
    log = runner.message_hub.get_scalar('train/thr_max').data[0]
    assert len(log) == 6  # iterations 2, 4 and 5 of two epochs
    assert log[-1] == pytest.approx(float(runner.model.threshold.log_vars()['thr_max']))


def test_no_update_without_predictions(build_runner):
    runner = build_runner([HOOK])
    runner.model.warmup_iters = 99
    runner.train()
    assert (runner.model.threshold.memory == -1).all()


def test_state_is_resumed(build_runner):
    hooks = [HOOK, dict(type='PlainCheckpointHook')]
    build_runner(hooks).train()
    first = build_runner(hooks, epochs=1, resume=True)
    first.train()
    assert (first.model.threshold.memory >= 0).any()


def test_a_run_that_only_tests_builds_no_training_data(build_runner):
    runner = build_runner([HOOK], val=True)
    runner.val()
    assert isinstance(runner._train_loop, dict)
    assert not runner.model.threshold.is_set_up


def test_sizes_of_the_pool():
    class Pool:
        metainfo = {'classes': ('a', 'b')}

        def __init__(self, size):
            self.size = size

        def __len__(self):
            return self.size

    pool = Pool(7)
    assert pool_sizes(pool, needs_index=False) == (7, 2)
    with pytest.raises(ConfigError, match='got a Pool'):
        pool_sizes(pool, needs_index=True)
    pool.unlabeled = Pool(5)
    assert pool_sizes(pool, needs_index=True) == (5, 2)
    pool.metainfo = {}
    with pytest.raises(ConfigError, match='classes_file'):
        pool_sizes(pool, needs_index=False)


def test_model_without_threshold(build_runner):
    runner = build_runner([HOOK])
    del runner.model.threshold
    with pytest.raises(ConfigError, match='ToyAlgorithm has no threshold'):
        runner.train()


def test_interval_out_of_range():
    with pytest.raises(ValueError, match='interval'):
        ThresholdUpdateHook(interval=0)


def update_on_rank(rank, folder):
    dist.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    generator = torch.Generator().manual_seed(rank)
    probs = torch.randn(4, 3, generator=generator).softmax(dim=-1)
    sample_idx = torch.arange(4) + 4 * rank
    threshold = FlexThreshold(0.3)
    threshold.setup(8, 3)
    threshold.update(gather(probs), gather(sample_idx))
    torch.save({'memory': threshold.memory, 'probs': probs}, folder / f'{rank}.pt')
    dist.destroy_process_group()


@pytest.mark.slow
def test_all_ranks_reach_the_same_state(tmp_path):
    mp.spawn(update_on_rank, (tmp_path,), nprocs=2)
    states = [torch.load(tmp_path / f'{rank}.pt') for rank in range(2)]
    expected = torch.cat([state['probs'] for state in states]).argmax(dim=1)
    for state in states:
        assert state['memory'].tolist() == expected.tolist()
