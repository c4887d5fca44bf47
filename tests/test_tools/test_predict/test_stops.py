"""What ends tools/predict.py early, and what is written of what was done."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from mmavssl.apis import AVActionInferencer, prediction_lists
from mmavssl.datasets.manifest import read_manifest
from tests.small_predictor import (
    class_names,
    test_videos,
)

ROOT = Path(__file__).parents[3]


def test_an_error_in_a_later_batch(
    tools, weights, avsprites_root, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    paths = test_videos(avsprites_root)[:3]
    forward, calls = AVActionInferencer.forward, []

    def until_full(*args):
        calls.append(args)
        if len(calls) == 3:
            raise torch.OutOfMemoryError('CUDA out of memory.')
        return forward(*args)

    monkeypatch.setattr(AVActionInferencer, 'forward', until_full)
    outputs = ('--out', 'p.json', '--save-pseudo-labels', 'p.csv', '--most-uncertain', '1')
    assert tools('predict', *paths, '--weights', weights, '--fast', *outputs) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == 'predict: failed after 2 of 3 videos; what was done before is written'
    assert 'out of memory' in said[1]
    assert len(json.loads(Path('p.json').read_text())['predictions']) == 2
    names = class_names(avsprites_root)
    assert [entry.path for entry in read_manifest('p.csv', names)] == paths[:2]
    assert len(read_manifest('most_uncertain.csv', names)) == 1


def ctrl_c():
    """Do what Python does on SIGINT, which a shell has its background ignore."""
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def workers_are_watched():
    """Give PyTorch its signal back, which nothing needs after a command that was stopped."""
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.parametrize(
    ('stop', 'status'), [(ctrl_c, 130), (partial(signal.raise_signal, signal.SIGTERM), 143)]
)
@pytest.mark.parametrize('stopped_at', [1, 3])
def test_stopped(
    tools, weights, avsprites_root, tmp_path, monkeypatch, capsys, stopped_at, stop, status
):
    """By Ctrl-C, or by whoever sends SIGTERM, within a batch; what was printed is written."""
    monkeypatch.chdir(tmp_path)
    paths = test_videos(avsprites_root)[:5]
    forward, calls = AVActionInferencer.forward, []

    def until_stopped(*args):
        calls.append(args)
        if len(calls) == stopped_at:
            stop()
        return forward(*args)

    monkeypatch.setattr(AVActionInferencer, 'forward', until_stopped)
    outputs = ('--out', 'p.json', '--save-pseudo-labels', 'pseudo.csv')
    call = (*paths, '--weights', weights, '--fast', '--batch-size', '2', *outputs)
    assert tools('predict', *call) == status
    said = capsys.readouterr()
    done = 2 * (stopped_at - 1)
    assert said.err == (
        f'predict: stopped after {done} of 5 videos; what was done before is written\n'
    )
    assert [line.partition(': ')[0] for line in said.out.splitlines()[:done]] == paths[:done]
    assert Path('p.json').exists() == Path('pseudo.csv').exists() == (done > 0)
    if done:
        found = json.loads(Path('p.json').read_text())['predictions']
        assert [each['path'] for each in found] == paths[:done]
        assert len(read_manifest('pseudo.csv', class_names(avsprites_root))) == done


def test_stopped_with_the_processes_that_load(weights, avsprites_root, tmp_path):
    """As `timeout` and schedulers do: all of them get the signal, and nothing is left behind."""
    videos = test_videos(avsprites_root)
    out = tmp_path / 'p.json'
    command = (
        sys.executable, ROOT / 'tools/predict.py', *(videos * 40), '--weights', weights, '--fast',
        '--device', 'cpu', '--workers', '2', '--out', out,
    )  # fmt: skip
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert videos[0] in process.stdout.readline()
        os.killpg(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 143
    found = json.loads(out.read_text())['predictions']
    assert len(found) >= said.count('.mp4: ') + 1
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_stopped_while_lists_are_written(tools, weights, pool, tmp_path, monkeypatch, capsys):
    """They are written once more, as what is in them was done before."""
    monkeypatch.chdir(tmp_path)
    save, calls = prediction_lists.save_pseudo_labels, []

    def until_stopped(*args):
        calls.append(args)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGTERM)
        return save(*args)

    monkeypatch.setattr(prediction_lists, 'save_pseudo_labels', until_stopped)
    call = (pool / 'a.mp4', '--weights', weights, '--fast', '--save-pseudo-labels', 'pseudo.csv')
    assert tools('predict', *call) == 143
    assert 'stopped after 1 of 1 videos; what was' in capsys.readouterr().err
    assert len(Path('pseudo.csv').read_text().splitlines()) == 2


def test_stopped_before_the_first_video(tools, weights, pool, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(AVActionInferencer, '__init__', stop)
    assert tools('predict', pool, '--weights', weights) == 130
    assert capsys.readouterr().err == 'predict: stopped.\n'
