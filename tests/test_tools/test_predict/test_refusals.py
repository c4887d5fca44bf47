"""Mistakes of the call of tools/predict.py, and files that it cannot use."""

from pathlib import Path

import pytest
import torch

from mmavssl.apis import AVActionInferencer
from tests.small_predictor import (
    test_videos,
)


def test_no_file_is_written_twice_or_over_an_input(tools, weights, avsprites_root, tmp_path):
    video, same = test_videos(avsprites_root)[0], tmp_path / 'x.json'
    listed = tmp_path / 'u.csv'
    listed.write_text(f'path\n{video}\n')
    call = ('predict', '--weights', weights, '--fast')
    message = tools.error(*call, video, '--out', same, '--save-pseudo-labels', same)
    assert message == f'{same} cannot have --out and pseudo labels. Name two files.'
    message = tools.error(*call, f'file://{listed}', '--save-pseudo-labels', listed)
    assert message == f'{listed} is an input, which would be overwritten. Name another.'
    assert listed.read_text() == f'path\n{video}\n'


def test_nothing_is_predicted(tools, weights, pool, capsys):
    bad = pool / 'c.mp4'
    assert tools('predict', bad, bad, '--weights', weights) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f'predict: 2 of 2 videos cannot be used, such as {bad}'


def test_videos_without_sound(tools, weights, pool, remove_sound, capsys):
    remove_sound(pool / 'a.mp4')
    call = ('predict', pool / 'a.mp4', '--weights', weights, '--fast')
    assert 'a.mp4 has no sound, which this model needs. Take another' in tools.error(*call)
    assert tools(*call, '--audio', 'silence') == 0


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--localize'], '--localize draws into videos: name their folder by --out-dir.'),
        (['--min-confidence', '0.5'], '--min-confidence is about --save-pseudo-labels'),
        (['--min-confidence', '90', '--save-pseudo-labels', 'x.csv'], '--min-confidence 90 is'),
        (['--most-uncertain', '0'], '--most-uncertain 0: expected 1 or more.'),
        (['--uncertainty', 'margin'], '--uncertainty is about --most-uncertain: say how many.'),
        (['--uncertain-list', 'x.csv'], '--uncertain-list is about --most-uncertain: say how'),
        (['--out', 'x.txt'], 'Predictions are written as JSON, but the name of x.txt does not'),
        (['--out', '/proc/x/x.json'], '/proc/x: no file can be written there (No such file'),
        (['--save-pseudo-labels', '/proc/x/x.csv'], '/proc/x: no file can be written there'),
        (['--most-uncertain', '1', '--uncertain-list', '/proc/x/y'], '/proc/x: no file can be'),
        (['--out-dir', '/proc/x'], '/proc/x: no file can be written there'),
        (['--workers', '-1'], 'Expected `num_workers` to be at least 0, but got -1'),
        (['--data-root', 'x'], '`data_root` (--data-root) is what the paths of a list'),
        (['--topk', '0'], 'Expected `topk` to be at least 1'),
        (['--batch-size', '0'], 'Expected `batch_size` to be at least 1'),
        (['--device', 'nowhere'], "device 'nowhere': there is no such kind of device. "),
        (['--model', 'asl_mix_avsprites'], "The model index has no 'asl_mix_avsprites'"),
    ],
)
def test_mistakes(tools, weights, pool, monkeypatch, options, message):
    monkeypatch.setattr(AVActionInferencer, 'forward', lambda *args: pytest.fail('predicted'))
    call = ('predict', pool / 'a.mp4', '--weights', weights, '--fast')
    assert tools.error(*call, *options).startswith(message)


def test_uris(tools, weights, pool):
    uri = (pool / 'a.mp4').as_uri()
    assert tools('predict', uri, '--weights', weights, '--fast') == 0
    for uri, message in (
        ('ftp://host/a.mp4', 'ftp://host/a.mp4: there is no storage for ftp:// here.'),
        ('http://host/folder/', 'http://host/folder/ looks like a folder, but HTTP has none'),
    ):
        assert tools.error('predict', uri, '--weights', weights).startswith(message)


def test_files_that_are_no_checkpoint(tools, weights, pool, tmp_path):
    call = ('predict', pool / 'a.mp4', '--weights')
    assert 'gone.pth does not exist' in tools.error(*call, 'gone.pth')
    content = torch.load(weights, weights_only=True)
    del content['message_hub']
    torch.save(content, tmp_path / 'bare.pth')
    assert 'has no config in it' in tools.error(*call, tmp_path / 'bare.pth')


class Unsafe:
    def __reduce__(self):
        return print, ('code was run',)


def test_checkpoint_that_could_run_code(tools, pool, tmp_path, capsys):
    path = tmp_path / 'unsafe.pth'
    torch.save({'state_dict': {}, 'meta': Unsafe()}, path)
    message = tools.error('predict', pool / 'a.mp4', '--weights', path)
    assert message.startswith(f'{path} is not loaded, since it holds a print, which could run')
    config = "model = dict(type=print('code was run'))"
    torch.save({'state_dict': {}, 'meta': {'cfg': config}}, path)
    assert 'is more than data' in tools.error('predict', pool / 'a.mp4', '--weights', path)
    assert 'code was run' not in capsys.readouterr().out


def test_config_file_that_is_a_program(tools, weights, pool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('evil.py').write_text("x = open('pwned', 'w').name")
    call = ('predict', pool / 'a.mp4', '--weights', weights, '--model', 'evil.py')
    assert tools.error(*call, '--safe-config').startswith('evil.py:1: --safe-config accepts data')
    assert not Path('pwned').exists()
