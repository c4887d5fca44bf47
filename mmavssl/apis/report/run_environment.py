"""When and on what a run was trained, as far as it has recorded that."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmavssl.apis.report.run_files import RunFiles
from mmavssl.utils.checkpoints import read_checkpoint

NOT_RECORDED = 'not recorded'
#: How MMEngine begins what it logs, and writes a line of the environment.
TIME = re.compile(r'^(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) - ', re.MULTILINE)
FACT = re.compile(r'^    ([^:\n]+): (.*)$', re.MULTILINE)
GPU = re.compile(r'GPU [\d,]+')
PACKAGES = ('Python', 'PyTorch', 'MMEngine')
#: What `ToolRunner` adds to it.
OURS = re.compile(r' - mmavssl (\S+) on (.*)$', re.MULTILINE)
#: MMEngine puts the commit behind its version, and nothing between.
COMMIT = re.compile(r'[0-9a-f]{40}$')


def environment(run: RunFiles) -> dict[str, str]:
    """Return when a run was trained, on what, and with which versions.

    Of a run that was resumed, all but its beginning is told of the last session.
    """
    first, folder = (run.scalars[place].parents[1] for place in (0, -1))
    log = log_text(folder)
    begun, times = (log_times(text) for text in (log_text(first), log))
    logged = dict(FACT.findall(log.partition('System environment:')[2].partition(60 * '-')[0]))
    versions = [f'{name} {logged[name].split()[0]}' for name in PACKAGES if name in logged]
    ours = OURS.search(log)
    if ours:
        versions.append(f'mmavssl {ours[1]}')
    return {
        'begun': begun[0] if begun else NOT_RECORDED,
        'last line of the log': times[-1] if times else NOT_RECORDED,
        'device': device(logged, ours[2] if ours else None),
        'processes': logged.get('GPU number', NOT_RECORDED),  # as MMEngine calls them
        'versions': ', '.join(versions) or NOT_RECORDED,
        'commit of the folder it was started in': commit(run, folder.name),
    }


def log_times(log: str) -> list[str]:
    """Return the times at which the lines of a log begin."""
    return ['{}-{}-{} {}'.format(*time) for time in TIME.findall(log)]


def log_text(folder: Path) -> str:
    """Return the log of the first process in a folder of MMEngine's; nothing without one."""
    log = min(folder.glob('*.log'), default=None)
    return log.read_text(encoding='utf-8', errors='replace') if log else ''


def device(logged: Mapping[str, str], processor: str | None) -> str:
    """Return what a run was trained on: the GPUs, if MMEngine found any, or else the processor.

    >>> device({'GPU 0,1': 'NVIDIA A', 'GPU number': '2'}, 'AMD B')
    'NVIDIA A'
    >>> device({'CUDA available': 'False'}, 'AMD B')
    'AMD B'
    """
    gpus = [value for name, value in logged.items() if GPU.fullmatch(name)]
    if gpus:
        return ', '.join(gpus)
    if logged.get('CUDA available') == 'False':
        return processor or 'no GPU with CUDA; which processor is not recorded'
    return NOT_RECORDED


def commit(run: RunFiles, session: str) -> str:
    """Return the commit that a checkpoint tells, if it is of the session with the scalars.

    Args:
        run: with the newest checkpoint, which an earlier session may have left.
        session: the time at which the one with the scalars began, which names its folder.
    """
    if run.checkpoint is None:
        return NOT_RECORDED
    meta: Mapping[str, Any] = read_checkpoint(str(run.checkpoint), map_location='meta')['meta']
    found = COMMIT.search(str(meta.get('mmengine_version', '')))
    if not found or not str(meta.get('experiment_name', '')).endswith(session):
        return NOT_RECORDED
    return found[0][:7]
