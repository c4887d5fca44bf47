"""What goes wrong on clusters, to a whole run: it goes on, or one line says why not."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch

from mmavssl.engine.checkpoints.sidecar import Sidecar, describe_damage
from tests.reliability.small_run import (
    differences,
    final_state,
    finish,
    make_data,
    metric_log,
    start,
    write_config,
)

LIMIT = 150  # seconds; some on a machine that has nothing else to do
pytestmark = pytest.mark.slow  # each trains; .ci/run has two of them


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp('faults') / 'data')


@pytest.fixture(scope='module')
def whole(data, tmp_path_factory):
    """The config and the folder of a run to which nothing happened."""
    folder = tmp_path_factory.mktemp('whole')
    config = write_config(folder / 'run.py', data)
    finish(start(config, folder / 'work'), folder / 'work')
    return config, folder / 'work'


def wait_for(path, process):
    begin = time.monotonic()
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() - begin < LIMIT
        time.sleep(0.02)


def workers_of(process):
    """Return the processes that load data: those that the run has started."""
    children = Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    return [int(child) for child in children]


def test_worker_that_is_killed(whole, tmp_path):
    config, reference = whole
    process = start(config, tmp_path)
    wait_for(tmp_path / 'last_checkpoint', process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    finish(process, tmp_path)
    assert 'New workers go on from batch ' in (tmp_path / 'output.txt').read_text()
    assert not differences(final_state(tmp_path), final_state(reference))
    assert not differences(metric_log(tmp_path), metric_log(reference))


def cut(path):
    path.write_bytes(path.read_bytes()[:-1000])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b'')


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


def run_code(path):
    content = torch.load(path, weights_only=True)
    torch.save({**content, 'extra': RunsCode()}, path)
    facts = Sidecar.read(path)
    Sidecar.of(path.read_bytes(), facts.epoch, facts.iter).write(path)


@pytest.mark.parametrize('damage', [cut, flip, empty, run_code])
def test_newest_checkpoint_is_damaged(whole, tmp_path, damage):
    """The run goes on from the one before, and ends as if nothing had happened."""
    config, reference = whole
    kept = {path: path.read_bytes() for path in reference.glob('iter_*')}
    newest = max((Sidecar.read(path).iter, path) for path in reference.glob('iter_*.pth'))[1]
    for path, content in kept.items():
        (tmp_path / path.name).write_bytes(content)
    damage(tmp_path / newest.name)
    finish(start(config, tmp_path), tmp_path)
    text = (tmp_path / 'output.txt').read_text()
    assert f'{newest.name} is passed over: ' in text
    assert 'Traceback' not in text
    assert not (Path.cwd() / 'it_ran').exists()
    found = differences(final_state(tmp_path), final_state(reference))
    assert not found


def ends_with_one_line(process, folder, begin):
    assert process.wait(LIMIT) == 2
    assert time.monotonic() - begin < LIMIT
    text = (folder / 'output.txt').read_text()
    assert 'Traceback' not in text
    return text.strip().splitlines()[-1]


def test_checkpoint_of_another_model(whole, data, tmp_path):
    _, reference = whole
    other = write_config(tmp_path / 'other.py', data, model__student__fusion__num_layers=2)
    newest = (reference / 'last_checkpoint').read_text()
    begin = time.monotonic()
    line = ends_with_one_line(start(other, tmp_path, 1, '--resume', newest), tmp_path, begin)
    assert line.startswith(f'train: {newest} does not fit the config')


def test_file_that_disappears(data, tmp_path):
    """Up to the limit it is replaced and listed; the run goes on."""
    own = make_data(tmp_path / 'data')
    labeled = 'train_dataloader__dataset__labeled__'
    options = {f'{labeled}max_bad_samples': 1, f'{labeled}pipeline__0__cache': 0}
    config = write_config(tmp_path / 'run.py', own, **options)
    process = start(config, tmp_path / 'work')
    wait_for(tmp_path / 'work/last_checkpoint', process)
    labeled = (own / 'splits/1shot_seed0/labeled.csv').read_text().splitlines()
    gone = own / labeled[1].split(',')[0]
    gone.unlink()
    finish(process, tmp_path / 'work')
    assert str(gone) in (tmp_path / 'work/bad_samples.csv').read_text()


def test_read_that_hangs(data, tmp_path):
    config = write_config(
        tmp_path / 'run.py', data, hang_on=tmp_path / 'hang', train_cfg__data_timeout=3,
        train_cfg__max_restarts=1,
    )  # fmt: skip
    process = start(config, tmp_path / 'work')
    wait_for(tmp_path / 'work/last_checkpoint', process)
    (tmp_path / 'hang').touch()
    begin = time.monotonic()
    line = ends_with_one_line(process, tmp_path / 'work', begin)
    assert 'did not come, also not from new workers. The workers gave no batch within 3 s.' in line
    assert '.mp4' in line
    last = Path((tmp_path / 'work/last_checkpoint').read_text())
    assert describe_damage(last) is None


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGUSR1'])
def test_cluster_asks_for_the_machine(whole, tmp_path, name):
    """All processes get the signal, the workers as well."""
    config, reference = whole
    process = start(config, tmp_path)
    wait_for(tmp_path / 'last_checkpoint', process)
    os.killpg(process.pid, getattr(signal, name))
    assert process.wait(LIMIT) == 75
    assert (tmp_path / 'preempted').exists()
    finish(start(config, tmp_path), tmp_path)
    assert not differences(final_state(tmp_path), final_state(reference))
    assert not differences(metric_log(tmp_path), metric_log(reference))
