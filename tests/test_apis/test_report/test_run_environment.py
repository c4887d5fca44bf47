import dataclasses
from pathlib import Path

import torch

from mmavssl.apis.report.run_environment import NOT_RECORDED, environment
from mmavssl.apis.report.run_files import RunFiles

SESSION = '20260102_030405'
COMMIT = '0123456789abcdef0123456789abcdef01234567'
COMMIT_ROW = 'commit of the folder it was started in'
LOG = """\
2026/01/02 03:04:05 - mmengine - INFO - 
------------------------------------------------------------
System environment:
    sys.platform: linux
    Python: 3.11.7 (main, May  9 2026, 07:35:25) [GCC 12.2.0]
{gpus}
    GCC: gcc 12.2.0
    PyTorch: 2.11.0+cu130
    PyTorch compiling details: PyTorch built with:
  - GCC 13.3

    MMEngine: 0.10.7

Runtime environment:
    seed: 0
    GPU number: 2
------------------------------------------------------------

2026/01/02 03:04:06 - mmengine - INFO - Config:
a = dict(
    Python: 2
2026/01/03 01:02:03 - mmengine - INFO - Saving checkpoint at 1 epochs
    of several lines
"""


def make_run(folder: Path, gpus: str | None = None, **meta: str) -> RunFiles:
    session = folder / SESSION
    (session / 'vis_data').mkdir(parents=True)
    if gpus is not None:
        (session / f'{SESSION}.log').write_text(LOG.format(gpus=gpus))
    if meta:
        torch.save({'meta': meta, 'state_dict': {}}, folder / 'a.pth')
    scalars = session / 'vis_data/scalars.json'
    return RunFiles(folder, folder / 'a.py', [scalars], folder / 'a.pth' if meta else None)


def test_what_the_log_and_the_checkpoint_tell(tmp_path):
    gpus = '    CUDA available: True\n    GPU 0,1: NVIDIA A\n    GPU 2: NVIDIA B'
    named = {'mmengine_version': f'0.10.7{COMMIT}', 'experiment_name': f'a_{SESSION}'}
    assert environment(make_run(tmp_path, gpus, **named)) == {
        'begun': '2026-01-02 03:04:05',
        'last line of the log': '2026-01-03 01:02:03',
        'device': 'NVIDIA A, NVIDIA B',
        'processes': '2',
        'versions': 'Python 3.11.7, PyTorch 2.11.0+cu130, MMEngine 0.10.7',
        COMMIT_ROW: COMMIT[:7],
    }


def test_no_gpu(tmp_path):
    facts = environment(make_run(tmp_path, '    CUDA available: False'))
    assert facts['device'] == 'no GPU with CUDA; which processor is not recorded'
    assert facts[COMMIT_ROW] == NOT_RECORDED


def test_the_processor_and_our_version(tmp_path):
    run = make_run(tmp_path, '    CUDA available: False')
    with run.scalars[0].parents[1].joinpath(f'{SESSION}.log').open('a') as log:
        log.write('2026/01/03 01:02:04 - mmengine - INFO - mmavssl 0.1.0.dev7 on AMD B 9 (R)\n')
    facts = environment(run)
    assert facts['device'] == 'AMD B 9 (R)'
    assert facts['versions'].endswith(', mmavssl 0.1.0.dev7')


def test_nothing_is_recorded(tmp_path):
    assert set(environment(make_run(tmp_path)).values()) == {NOT_RECORDED}
    unknown = {'mmengine_version': '0.10.7unknown', 'experiment_name': f'a_{SESSION}'}
    (tmp_path / 'bare').mkdir()
    run = make_run(tmp_path / 'bare', **unknown)  # started outside of a checkout
    assert set(environment(run).values()) == {NOT_RECORDED}
    run.scalars[0].parents[1].joinpath('a.log').write_text('2026/01/02 03:04:05 - x\n')
    facts = environment(run)  # `log_level='WARNING'` leaves the environment out
    assert facts.pop('begun') == facts.pop('last line of the log') == '2026-01-02 03:04:05'
    assert set(facts.values()) == {NOT_RECORDED}


def test_commit_of_an_earlier_session_is_not_told(tmp_path):
    earlier = {'mmengine_version': f'0.10.7{COMMIT}', 'experiment_name': 'a_20260101_000000'}
    assert environment(make_run(tmp_path, '', **earlier))[COMMIT_ROW] == NOT_RECORDED


def test_a_run_that_was_resumed_began_with_its_first_session(tmp_path):
    run = make_run(tmp_path, '    CUDA available: False')
    first = tmp_path / '20260101_000000/vis_data/scalars.json'
    first.parents[0].mkdir(parents=True)
    first.parents[1].joinpath('a.log').write_text('2026/01/01 00:00:00 - x\n')
    facts = environment(dataclasses.replace(run, scalars=[first, *run.scalars]))
    assert facts['begun'] == '2026-01-01 00:00:00'
    assert facts['last line of the log'] == '2026-01-03 01:02:03'
