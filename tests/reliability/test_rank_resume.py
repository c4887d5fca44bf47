"""ZeRO-1 and activation checkpointing: killed ranks go on, and their weights are those of DDP."""

import pytest

from tests.reliability.small_run import (
    differences,
    final_state,
    finish,
    kill_when,
    make_data,
    start,
    write_config,
)

SAVING = dict(
    optim_wrapper__optimizer=dict(type='ZeroRedundancyOptimizer', optimizer_type='AdamW'),
    default_hooks__sharded_state=dict(type='ShardedStateHook'),
    activation_checkpointing=['student.backbone.blocks.0', 'student.audio_backbone.blocks.1'],
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_sharded_state_is_saved_as_a_whole(tmp_path):
    data = make_data(tmp_path / 'data')
    plain = write_config(tmp_path / 'plain.py', data, ranks=2)
    saving = write_config(tmp_path / 'saving.py', data, ranks=2, **SAVING)
    for config in (plain, saving):
        folder = tmp_path / config.stem
        finish(start(config, folder, 2), folder)
    killed = tmp_path / 'killed'
    latest = killed / 'last_checkpoint'
    process = start(saving, killed, 2)
    assert kill_when(process, lambda: latest.exists() and 'iter_8' in latest.read_text(), 0.02)
    finish(start(saving, killed, 2), killed)

    states = {name: final_state(tmp_path / name) for name in ('plain', 'saving', 'killed')}
    assert not differences(states['saving'], states['killed'])
    for part in ('state_dict', 'scalars'):
        assert not differences(states['plain'][part], states['saving'][part])
    parts = [states[name]['optimizer']['state'] for name in ('plain', 'saving')]
    assert not differences(*parts)
