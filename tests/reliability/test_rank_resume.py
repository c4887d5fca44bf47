"""ZeRO-1 and FSDP: killed ranks go on, and all they end with is what DDP ends with."""

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
SAVING = {
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


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize('name', SAVING)
def test_a_sharded_state_is_saved_as_a_whole(name, tmp_path):
    data = make_data(tmp_path / 'data')
    plain = write_config(tmp_path / 'plain.py', data, ranks=2)
    saving = write_config(tmp_path / 'saving.py', data, ranks=2, **SAVING[name])
    for config in (plain, saving):
        folder = tmp_path / config.stem
        finish(start(config, folder, 2), folder)
    killed = tmp_path / 'killed'
    kill_at(start(saving, killed, 2), killed / 'last_checkpoint', 'iter_8')
    finish(start(saving, killed, 2), killed)

    states = {name: final_state(tmp_path / name) for name in ('plain', 'saving', 'killed')}
    for part in ('state_dict', 'optimizer', 'param_schedulers', 'scalars', 'iter'):
        assert not differences(states['saving'][part], states['killed'][part])
        assert not differences(states['plain'][part], states['saving'][part])
