"""tools/slurm_train.sh, with programs in the place of srun, scontrol and the training."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Notes how it was called, and leaves as often as a file says.
SRUN = """#!/usr/bin/env bash
printf '%s|' "$@" >>calls.txt; echo >>calls.txt
left=$(cat leave.txt)
if [ "$left" -gt 0 ]; then
    echo $((left - 1)) >leave.txt; touch "work dir/preempted"; exit 143
fi
exit "$(cat status.txt)"
"""
SCONTROL = '#!/usr/bin/env bash\necho "$@" >>scontrol.txt; exit "$(cat requeue.txt)"\n'


@pytest.fixture
def slurm(tmp_path):
    """Return what runs the script; the run leaves ``leave`` times and then has ``status``."""
    for name, text in (('srun', SRUN), ('scontrol', SCONTROL)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / 'work dir').mkdir()

    def run(*args, leave=0, status=0, requeue=0, **env):
        for name, value in (('leave', leave), ('status', status), ('requeue', requeue)):
            (tmp_path / f'{name}.txt').write_text(str(value))
        result = subprocess.run(
            ['bash', str(ROOT / 'tools/slurm_train.sh'), 'gpu', 'job', 'a.py', 'work dir', *args],
            cwd=tmp_path,
            env={**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}', **env},
            capture_output=True,
            text=True,
        )
        return result.returncode, (tmp_path / 'calls.txt').read_text().splitlines()

    return run


@pytest.mark.parametrize('status', [0, 2, 137])
def test_run_that_ends_is_not_started_again(slurm, status):
    code, calls = slurm('--amp', status=status, GPUS='16', GPUS_PER_NODE='8')
    assert code == status
    [call] = calls
    assert '--gres=gpu:8|--ntasks=16|--ntasks-per-node=8|' in call
    assert '--signal=USR1@120|--kill-on-bad-exit=1|' in call
    assert call.endswith('/tools/train.py|a.py|--work-dir|work dir|--launcher|slurm|--amp|')


def test_run_that_left_goes_on(slurm):
    code, calls = slurm('--amp', leave=3, status=5)
    assert code == 5
    assert [call.partition('--launcher|slurm|')[2] for call in calls] == [
        '--amp|', '--amp|--resume|auto|', '--amp|--resume|auto|', '--amp|--resume|auto|',
    ]  # fmt: skip


def test_not_without_end(slurm):
    code, calls = slurm(leave=9, MAX_REQUEUES='2')
    assert code == 75
    assert len(calls) == 3


def test_batch_job_is_queued_again(slurm, tmp_path):
    code, calls = slurm(leave=3, SLURM_JOB_ID='77')
    assert (code, len(calls)) == (75, 1)
    assert (tmp_path / 'scontrol.txt').read_text() == 'requeue 77\n'
    code, calls = slurm(SLURM_JOB_ID='77', SLURM_RESTART_COUNT='1')
    assert code == 0
    assert calls[-1].endswith('--launcher|slurm|--resume|auto|')


def test_batch_job_that_cannot_be_queued_again_starts_itself(slurm):
    code, calls = slurm(leave=1, requeue=1, SLURM_JOB_ID='77')
    assert (code, len(calls)) == (0, 2)


def test_usage(tmp_path):
    result = subprocess.run(
        ['bash', str(ROOT / 'tools/slurm_train.sh'), 'gpu'], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.startswith('usage: bash tools/slurm_train.sh PARTITION JOB_NAME')
