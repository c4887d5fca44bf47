"""tools/predict.py on real files, and its mistakes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from mmavssl.apis import AVActionInferencer, prediction_lists
from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.readers.audio_file import AudioFile
from tests.small_predictor import (
    ASL_MIX,
    CENTER,
    class_names,
    small_config,
    test_videos,
    write_checkpoint,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def weights(avsprites_root, tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    cfg = small_config(avsprites_root, localizer=CENTER)
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.fixture
def pool(avsprites_root, tmp_path):
    """A folder of three videos, one of which is none."""
    folder = tmp_path / 'pool'
    folder.mkdir()
    for name, path in zip(('a.mp4', 'b.mp4'), test_videos(avsprites_root), strict=False):
        shutil.copy(path, folder / name)
    (folder / 'c.mp4').write_bytes(b'no video')
    return folder


def test_one_line_for_each_video(tools, weights, pool, tmp_path, capsys):
    out = tmp_path / 'new/predictions.json'
    call = (pool, '--weights', weights, '--fast', '--topk', '2', '--batch-size', '2')
    assert tools('predict', *call, '--out', out, '--use', 'teacher') == 1  # some are missing
    said = capsys.readouterr()
    lines, written = said.out.splitlines(), json.loads(out.read_text())
    assert len(lines) == len(written['predictions']) == 2
    for line, name, prediction in zip(lines, 'ab', written['predictions'], strict=True):
        best = ', '.join(f'{each["class"]} {each["score"]:.3f}' for each in prediction['topk'])
        assert line == f'{pool / name}.mp4: {best}'
        assert len(prediction['topk']) == 2
    assert [each['path'] for each in written['errors']] == [f'{pool}/c.mp4']
    assert f'predict: 1 of 3 videos cannot be used, such as {pool}/c.mp4' in said.err


def test_networks_and_views_differ(tools, weights, pool, capsys):
    said = []
    for options in ((), ('--fast',), ('--fast', '--use', 'teacher')):
        assert tools('predict', pool / 'a.mp4', '--weights', weights, *options) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 3


def test_config_by_its_file(tools, weights, pool, avsprites_root, capsys):
    options = [
        'model.student.backbone.depth=1', 'model.student.audio_backbone.depth=1',
    ]  # fmt: skip
    call = ('predict', pool / 'a.mp4', '--weights', weights)
    assert tools(*call) == 0
    expected = capsys.readouterr().out
    model = ('--model', ROOT / 'configs' / ASL_MIX, '--safe-config', '--cfg-options', *options)
    assert tools(*call, *model) == 0
    assert capsys.readouterr().out == expected


def test_videos_with_maps(tools, weights, pool, tmp_path, capsys):
    folder = tmp_path / 'played'
    (pool / 'c.mp4').unlink()
    call = (pool, '--weights', weights, '--fast', '--out-dir', folder, '--localize')
    assert tools('predict', *call) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [f'{folder}/a.mp4', f'{folder}/b.mp4']
    assert AudioFile(str(folder / 'a.mp4')).has_audio


def test_lists(tools, weights, pool, avsprites_root, tmp_path, capsys):
    (pool / 'c.mp4').unlink()
    labeled, unlabeled = tmp_path / 'x/pseudo.csv', tmp_path / 'y/ask.csv'
    call = (pool, '--weights', weights, '--fast', '--out', tmp_path / 'p.json')
    lists = (
        '--save-pseudo-labels', labeled, '--min-confidence', '0.01',
        '--most-uncertain', '1', '--uncertainty', 'margin', '--uncertain-list', unlabeled,
    )  # fmt: skip
    assert tools('predict', *call, *lists) == 0
    found = json.loads((tmp_path / 'p.json').read_text())['predictions']
    classes = class_names(avsprites_root)
    table = read_manifest(labeled, classes)
    assert [(entry.path, entry.label, entry.confidence) for entry in table] == [
        (each['path'], each['label'], pytest.approx(each['score'], abs=1e-6)) for each in found
    ]
    [asked] = read_manifest(unlabeled, classes)
    assert (asked.path, asked.label) == (min(found, key=lambda each: each['margin'])['path'], None)
    assert capsys.readouterr().out.splitlines()[2:] == [
        f'{unlabeled}: 1 of 2 videos, the least certain by margin first',
        f'{labeled}: pseudo labels of 2 of 2 videos',
    ]
    assert tools('predict', *call, '--save-pseudo-labels', labeled, '--min-confidence', '1') == 2
    assert 'the highest is 0.' in capsys.readouterr().err


def test_list_of_a_pool(tools, weights, avsprites_root, tmp_path, monkeypatch, capsys):
    """As the pool of a split is: relative to the data, two folders above; parts stay parts."""
    monkeypatch.chdir(tmp_path)
    root, (first, second, *_) = avsprites_root, test_videos(avsprites_root)
    names = [str(Path(path).relative_to(root)) for path in (first, second)]
    Path('pool.csv').write_text(
        f'path,label,start,end\n{names[0]},5,0.5,2.5\n{names[0]},?,,\n{names[1]},,1,\n'
    )
    lists = ('--save-pseudo-labels', 'pseudo.csv', '--most-uncertain', '3')
    call = ('predict', 'pool.csv', '--weights', weights, '--fast', '--out', 'p.json')
    assert tools(*call, '--data-root', root, *lists) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{first} (0.5 to 2.5 s): ')
    assert lines[2].startswith(f'{second} (from 1 s): ')
    found = json.loads(Path('p.json').read_text())['predictions']
    table = read_manifest('pseudo.csv', class_names(root))
    assert [(entry.path, entry.start, entry.end, entry.label) for entry in table] == [
        (path, start, end, each['label'])
        for each, (path, start, end) in zip(
            found, [(first, 0.5, 2.5), (first, None, None), (second, 1.0, None)], strict=True
        )
    ]
    asked = read_manifest('most_uncertain.csv', None)
    assert {(entry.path, entry.start) for entry in asked} == {
        (first, 0.5), (first, None), (second, 1.0),
    }  # fmt: skip
    message = tools.error(*call, *lists)
    assert message.startswith(f'pool.csv: its file {names[0]} is neither in the folder')
    message = tools.error(*call, '--save-pseudo-labels', 'pool.csv')
    assert message == 'pool.csv is an input, which would be overwritten. Name another.'
    uncertain = ('--most-uncertain', '1', '--uncertain-list', './a.csv')
    message = tools.error(*call, '--save-pseudo-labels', 'a.csv', *uncertain)
    assert message.startswith('a.csv cannot have pseudo labels and uncertain videos.')


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


def test_inputs_stand_anywhere(tools, weights, avsprites_root, capsys):
    first, second, *_ = test_videos(avsprites_root)
    assert tools('predict', first, '--weights', weights, '--fast', second) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(': ')[0] for line in lines] == [first, second]


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


def test_results_of_another_run_do_not_stay(tools, weights, pool, tmp_path):
    """Where nothing can be predicted, the file says why."""
    out = tmp_path / 'p.json'
    call = ('--weights', weights, '--fast', '--out', out)
    assert tools('predict', pool / 'a.mp4', *call) == 0
    message = tools.error('predict', pool / 'c.mp4', *call)
    assert json.loads(out.read_text()) == {
        'predictions': [],
        'visualization': [],
        'errors': [{'path': str(pool / 'c.mp4'), 'reason': message}],
    }


def test_lines_are_printed_batch_by_batch(tools, weights, avsprites_root, monkeypatch, capsys):
    forward, said = AVActionInferencer.forward, []

    def look(*args):
        said.append(capsys.readouterr().out.count('.mp4: '))
        return forward(*args)

    monkeypatch.setattr(AVActionInferencer, 'forward', look)
    paths = test_videos(avsprites_root)[:5]
    assert tools('predict', *paths, '--weights', weights, '--fast', '--batch-size', '2') == 0
    assert said == [0, 2, 2]


def test_stopped_before_the_first_video(tools, weights, pool, monkeypatch, capsys):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(AVActionInferencer, '__init__', stop)
    assert tools('predict', pool, '--weights', weights) == 130
    assert capsys.readouterr().err == 'predict: stopped.\n'


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


def test_help_imports_nothing_heavy():
    code = (
        "import runpy, sys; sys.argv = ['predict.py', '--help']\n"
        "try: runpy.run_path('tools/predict.py', run_name='__main__')\n"
        'except SystemExit: pass\n'
        "assert not {'torch', 'mmengine', 'numpy', 'av'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '--save-pseudo-labels CSV' in done.stdout
    assert 'Exit status: 0 all is predicted; 1 some inputs' in done.stdout
