"""ZeRO-1, FSDP and DDP: killed ranks go on, also as another of them, and all end alike."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.reliability.small_run import (
    differences,
    final_state,
    finish,
    kill,
    make_data,
    start,
    write_config,
)

BLOCKS = ['student.backbone.blocks.0', 'student.audio_backbone.blocks.1']
SETTINGS = {
    'ddp': dict(),
    'zero': dict(
        optim_wrapper__optimizer=dict(type='ZeroRedundancyOptimizer', optimizer_type='AdamW'),
        activation_checkpointing=BLOCKS,
    ),
    'fsdp': dict(
        model_wrapper_cfg=dict(type='mmavssl.ShardedDataParallel'),
        activation_checkpointing=BLOCKS,
    ),
}


def kill_at(process: subprocess.Popen, latest: Path, name: str) -> None:
    """Kill a run when ``latest`` names a checkpoint."""
    while not (latest.exists() and name in latest.read_text()):
        assert process.poll() is None, 'The run ended before it was to be killed.'
        time.sleep(0.02)
    kill(process)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp('data') / 'data')


@pytest.fixture(scope='module')
def whole(data, tmp_path_factory):
    """The state after a run with DDP that nothing killed."""
    folder = tmp_path_factory.mktemp('whole')
    finish(start(write_config(folder / 'ddp.py', data, 2), folder / 'work', 2), folder / 'work')
    return final_state(folder / 'work')


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    'names',
    [['zero', 'zero'], ['fsdp', 'fsdp'], ['ddp', 'zero', 'fsdp', 'ddp'], ['fsdp', 'zero']],
    ids='-'.join,
)
def test_killed_ranks_go_on_as_any_of_them(names, data, whole, tmp_path):
    work_dir = tmp_path / 'work'
    for number, name in enumerate(names, 1):
        config = write_config(tmp_path / f'{name}.py', data, 2, **SETTINGS[name])
        process = start(config, work_dir, 2)
        if number < len(names):
            kill_at(process, work_dir / 'last_checkpoint', f'iter_{4 * number}')
        else:
            finish(process, work_dir)

    state = final_state(work_dir)
    for part in ('state_dict', 'optimizer', 'param_schedulers', 'scalars', 'iter'):
        assert not differences(state[part], whole[part])
