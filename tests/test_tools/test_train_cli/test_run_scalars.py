"""What a run has logged that was resumed, and one that began anew."""

from pathlib import Path

import pytest

from mmavssl.visualization.curves import read_scalars

EVERY_STEP = ('default_hooks.logger.type=LoggerHook', 'default_hooks.logger.interval=1')


@pytest.fixture
def logged(tools, toy):
    """Train until an epoch; return the steps of the work dir and the learning rates."""
    sessions = []

    def train(epochs, lr, *args, work_dir='run'):
        options = (f'train_cfg.max_epochs={epochs}', f'optim_wrapper.optimizer.lr={lr}')
        args = ('--work-dir', work_dir, *args, '--cfg-options', *EVERY_STEP, *options)
        assert tools('train', 'toy.py', *args) == 0
        (folder,) = set(Path(work_dir).glob('*/vis_data')) - {*sessions}
        # Sessions of the same second would share a folder.
        sessions.append(folder.parent.rename(f'{work_dir}/20260101_{len(sessions)}') / 'vis_data')
        return read_scalars(work_dir)['loss']

    return train


def test_sessions_of_a_run_are_one(logged):
    begun, _ = logged(1, 0.01)
    steps, losses = logged(2, 0.01, '--resume')
    assert (begun, steps) == ([1, 2, 3, 4], [*range(1, 9)])
    whole, expected = logged(2, 0.01, work_dir='whole')
    assert (steps, losses) == (whole, expected)


def test_a_new_run_in_the_same_work_dir(logged):
    _, first = logged(1, 0.01)
    steps, losses = logged(1, 1.0)
    assert steps == [1, 2, 3, 4]
    assert losses != first
    steps, _ = logged(2, 1.0, '--resume')
    assert steps == [*range(1, 9)]


def test_a_run_that_goes_on_from_another_work_dir(logged):
    logged(1, 0.01)
    logged(1, 0.01, work_dir='there')
    steps, _ = logged(2, 0.01, '--resume', 'there/epoch_1.pth')
    assert steps == [5, 6, 7, 8]
