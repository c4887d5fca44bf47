import json

import numpy as np
import pytest
from PIL import Image

from mmavssl.utils.errors import DataError
from mmavssl.visualization import find_scalars, plot_curves
from mmavssl.visualization.curves import curves_figure, find_sessions, read_scalars


def write_run(work_dir, stamp, train=True, **extra):
    folder = work_dir / stamp / 'vis_data'
    folder.mkdir(parents=True)
    lines = [{'student/top1': 12.5, 'teacher/top1': 10.0, 'step': 1}]
    if train:
        lines = [
            {'lr': 0.1, 'loss': 3.0, 'loss_sup': 2.0, 'epoch': 1, 'iter': 10, 'step': 10, **extra},
            {'lr': 0.1, 'loss': 2.0, 'loss_sup': 1.5, 'epoch': 1, 'iter': 20, 'step': 20, **extra},
            *lines,
            {'lr': 0.1, 'loss': 1.0, 'loss_sup': 0.5, 'epoch': 2, 'iter': 40, 'step': 40, **extra},
        ]
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    return folder / 'scalars.json'


def test_scalars_of_a_file(tmp_path):
    scalars = read_scalars(write_run(tmp_path, '20250101_000000', pass_rate=0.25))
    assert scalars['loss'] == ([10, 20, 40], [3.0, 2.0, 1.0])
    assert scalars['pass_rate'] == ([10, 20, 40], [0.25] * 3)
    # MMEngine notes validation by epoch (1); it belongs after the iteration before it.
    assert scalars['student/top1'] == ([20], [12.5])


def test_times_are_those_of_training(tmp_path):
    path = write_run(tmp_path, '20250101_000000', time=1.0, data_time=0.1)
    lines = path.read_text().splitlines()
    lines[2] = json.dumps({'student/top1': 12.5, 'time': 9.0, 'data_time': 8.0, 'step': 1})
    path.write_text('\n'.join(lines))
    scalars = read_scalars(path)
    assert scalars['time'] == ([10, 20, 40], [1.0] * 3)
    assert scalars['data_time'] == ([10, 20, 40], [0.1] * 3)


def test_last_training_run_of_a_work_dir(tmp_path):
    write_run(tmp_path, '20250101_000000')
    newest = write_run(tmp_path, '20250102_000000')
    write_run(tmp_path, '20250103_000000', train=False)
    assert find_scalars(tmp_path) == newest
    assert find_scalars(newest) == newest


def test_curves_of_a_run_that_was_resumed(tmp_path):
    first = write_run(tmp_path, '20250101_000000')
    lines = [
        {'loss': 0.7, 'iter': 40, 'step': 40},
        {'student/top1': 50.0, 'step': 2},
        {'loss': 0.6, 'iter': 50, 'step': 50},
    ]
    (tmp_path / '20250102_000000/vis_data').mkdir(parents=True)
    last = tmp_path / '20250102_000000/vis_data/scalars.json'
    last.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    scalars = read_scalars(tmp_path)
    assert scalars['loss'] == ([10, 20, 40, 50], [3.0, 2.0, 0.7, 0.6])
    assert scalars['student/top1'] == ([20, 40], [12.5, 50.0])
    assert read_scalars(last)['loss'] == ([40, 50], [0.7, 0.6])  # a file that is named
    assert (find_sessions(tmp_path), find_scalars(tmp_path)) == ([first, last], last)
    figure, _ = curves_figure(tmp_path)
    assert [*figure.axes[0].lines[0].get_xdata()] == [10, 20, 40, 50]


def test_half_a_last_line_is_left_out(tmp_path):
    """As a run leaves it that was killed while it wrote; what was resumed from it is whole."""
    first = write_run(tmp_path, '20250101_000000')
    whole = read_scalars(first)
    with first.open('a') as file:
        file.write('\n{"loss": 0.5, "st')
    assert read_scalars(first) == whole
    newest = write_run(tmp_path, '20250102_000000')
    newest.write_text('{"lo')
    assert find_scalars(tmp_path) == first


def test_picture_of_two_runs(tmp_path):
    write_run(tmp_path / 'asl_mix', '20250101_000000', pass_rate=0.25, pseudo_label_acc=40.0)
    file = write_run(tmp_path / 'supervised', '20250101_000000')
    out_file = tmp_path / 'new' / 'curves.png'
    titles = plot_curves([tmp_path / 'asl_mix', file], out_file)
    assert titles == ['loss', 'pass rate', 'accuracy (%)', 'learning rate']
    picture = np.array(Image.open(out_file).convert('RGB'))
    assert picture.shape[1] > 4 * 400
    assert picture.std() > 5


def test_one_run(tmp_path):
    file = write_run(tmp_path / 'a', '20250101_000000')
    assert plot_curves(file, tmp_path / 'curves.png')[0] == 'loss'


def test_errors_name_the_file(tmp_path):
    with pytest.raises(DataError, match='holds no scalars of a training run'):
        plot_curves(tmp_path, tmp_path / 'curves.png')
    broken = tmp_path / 'scalars.json'
    broken.write_text('{"loss": 1.0, "step": 1}\n{"loss":\n')
    with pytest.raises(DataError, match=r'Line 2 of .*scalars\.json'):
        plot_curves(broken, tmp_path / 'curves.png')
    broken.write_text('{"time": 1.0, "step": 1}')
    with pytest.raises(DataError, match='have no curve here'):
        plot_curves(broken, tmp_path / 'curves.png')
