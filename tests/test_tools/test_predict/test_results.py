"""tools/predict.py on real files: lines, files and lists."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmavssl.apis import AVActionInferencer
from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.readers.audio_file import AudioFile
from tests.small_predictor import (
    ASL_MIX,
    class_names,
    test_videos,
)

ROOT = Path(__file__).parents[3]


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


def test_inputs_stand_anywhere(tools, weights, avsprites_root, capsys):
    first, second, *_ = test_videos(avsprites_root)
    assert tools('predict', first, '--weights', weights, '--fast', second) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(': ')[0] for line in lines] == [first, second]


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
