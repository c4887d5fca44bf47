"""A small ASL-Mix run of tools/train.py, in processes that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, generate
from mmavssl.datasets.avsprites.shipped import get_recipe
from mmavssl.datasets.splits import make_split
from mmavssl.utils.atomic_write import draft_of

ROOT = Path(__file__).parents[2]
ITERATIONS, EPOCHS = 6, 3
#: Measured anew each time.
TIMES = ('time', 'data_time', 'memory', 'eta')


def make_data(root: Path) -> Path:
    """Make 40 training and 8 test clips, with one label per class."""
    generate(root, AVSpritesConfig(get_recipe('default'), num_train=40, num_test=8), workers=1)
    split = root / 'splits/1shot_seed0'
    make_split(root / 'manifest_train.csv', root / 'classes.txt', split, shots=1)
    return root


def write_config(
    path: Path, data: Path, ranks: int = 1, hang_on: Path | None = None, **options: object
) -> Path:
    """Write a config: three epochs of six iterations, a checkpoint every second iteration.

    Args:
        path: of the config.
        data: of `make_data`.
        ranks: processes that share the batch of 12 clips.
        hang_on: file from whose appearance on no labeled clip is read any more.
        options: changes, keys with ``__`` instead of dots.
    """
    cfg = Config.fromfile(ROOT / 'configs/asl_mix/avsprites_1shot.py')
    train, dataset = cfg.train_dataloader, cfg.train_dataloader.dataset
    train.update(batch_size=12 // ranks, num_workers=2)
    train.sampler.epoch_over = ITERATIONS
    for part in (dataset.labeled, dataset.unlabeled, cfg.val_dataloader.dataset,
                 cfg.test_dataloader.dataset):  # fmt: skip
        part.data_root = str(data)
    cfg.val_dataloader.num_workers = cfg.test_dataloader.num_workers = 0
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=1)
    cfg.model.update(warmup_epochs=1)
    cfg.model.threshold = dict(type='FlexThreshold', threshold=0.13)
    cfg.model.mixer.masker.localizer.init_cfg = None
    cfg.default_hooks.logger.interval = 1
    cfg.default_hooks.checkpoint.update(
        by_epoch=False, interval=2, max_keep_ckpts=3, save_best='student/top1'
    )
    if hang_on is not None:
        cfg.custom_imports = dict(imports=['tests.reliability.hang_on'])
        dataset.labeled.pipeline.insert(0, dict(type='HangOn', file=str(hang_on)))
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in options.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    cfg.dump(path)
    return path


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        return opened.getsockname()[1]


def start(config: Path, work_dir: Path, ranks: int = 1, *args: str) -> subprocess.Popen:
    """Start training, which goes on where the work dir's checkpoints end."""
    tool = [str(ROOT / 'tools/train.py'), str(config), '--work-dir', str(work_dir), '--resume']
    command = [sys.executable, *tool, *args]
    if ranks > 1:
        launcher = [
            sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node', str(ranks),
            '--master_addr', '127.0.0.1', '--master_port', str(free_port()),
        ]  # fmt: skip
        command = [*launcher, *tool, '--launcher', 'pytorch', *args]
    work_dir.mkdir(parents=True, exist_ok=True)
    log = (work_dir / 'output.txt').open('ab')
    return subprocess.Popen(
        command,
        stdout=log,
        stderr=log,
        cwd=ROOT,
        start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
    )


def finish(process: subprocess.Popen, work_dir: Path, timeout: float = 300) -> None:
    """Wait for a run that must succeed.

    Raises:
        RuntimeError: it did not; the end of its output is the message.
    """
    if process.wait(timeout) != 0:
        text = (work_dir / 'output.txt').read_text(errors='replace')
        raise RuntimeError(f'Status {process.returncode}:\n{text[-3000:]}')


def descendants(pid: int) -> list[int]:
    """Return a process, its children, theirs, and so on."""
    found = [pid]
    for parent in found:
        for path in Path(f'/proc/{parent}/task').glob('*/children'):
            with contextlib.suppress(OSError):  # it has just ended
                found += [int(child) for child in path.read_text().split()]
    return found


def kill(process: subprocess.Popen) -> None:
    """Kill a run, its ranks and workers by SIGKILL.

    torchrun starts each rank in a session of its own, which outlives its process group. It is
    stopped first, so that it starts and ends nothing meanwhile.
    """
    os.kill(process.pid, signal.SIGSTOP)
    for pid in descendants(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def kill_when(process: subprocess.Popen, is_time: Callable[[], bool], poll: float) -> bool:
    """Kill a run when it is time; return whether it still ran."""
    while process.poll() is None:
        if is_time():
            kill(process)
            return True
        time.sleep(poll)
    return False


def drafts(work_dir: Path) -> list[Path]:
    """Return the checkpoints that are just being written, or were when the run was killed."""
    return list(work_dir.glob(draft_of(Path('*.pth')).name))


def final_state(work_dir: Path) -> dict:
    """Return all that the last checkpoint has, but for times and names of the run."""
    path = Path((work_dir / 'last_checkpoint').read_text())
    content = torch.load(path, weights_only=True)
    hub = content['message_hub']
    scalars = {
        name: record
        for name, record in hub['log_scalars'].items()
        if name.rpartition('/')[2] not in TIMES
    }
    kept = ('state_dict', 'optimizer', 'param_schedulers')
    info = {
        name: Path(value).name if name in ('last_ckpt', 'best_ckpt') else value
        for name, value in hub['runtime_info'].items()
        if name not in ('cfg', 'experiment_name', 'mmengine_version', *TIMES)
    }
    return {
        **{name: content[name] for name in kept},
        'iter': content['meta']['iter'],
        'scalars': scalars,
        'info': info,
    }


def metric_log(work_dir: Path) -> dict:
    """Return the lines of the metric logs of all parts of a run by their step, without times."""
    lines = {}
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for text in path.read_text().splitlines():
            try:
                line = json.loads(text)
            except ValueError:  # the run was killed while it was written
                continue
            is_test = any('/' in name for name in line)
            lines[is_test, line['step']] = {
                name: value for name, value in line.items() if name not in TIMES
            }
    return lines


def differences(one: object, other: object, where: str = '') -> list[str]:
    """Return where two nested values are not the same, bit for bit."""
    if type(one) is not type(other):
        return [f'{where}: {type(one).__name__} and {type(other).__name__}']
    if isinstance(one, torch.Tensor):
        return [] if one.dtype == other.dtype and one.equal(other) else [where]
    if isinstance(one, dict) and one.keys() == other.keys():
        return [d for key in one for d in differences(one[key], other[key], f'{where}.{key}')]
    if isinstance(one, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f'{where}[{i}]')]
    is_same = one == other or (one != one and other != other)  # NaN is the same as NaN here
    return [] if is_same else [f'{where}: {one} and {other}']
