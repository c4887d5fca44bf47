"""tools/analysis/report.py on a short run on real files."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmavssl.registry import LOCALIZERS
from tests.test_training import run, small_config

ROOT = Path(__file__).parents[2]

#: Clips, and what student and teacher are right about.
CLASS_ROW = 3 * r'<td class="number">(\d*)</td>' + '</tr>'
VALIDATION = '<th scope="col">validation</th>'


@pytest.fixture(scope='module')
def work_dir(avsprites_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp('report') / 'asl_mix'
    cfg = small_config('asl_mix/avsprites_1shot.py', avsprites_root, folder)
    masker = cfg.model.mixer.masker
    weights = folder.with_name('localizer.pth')
    torch.save({'state_dict': LOCALIZERS.build(masker.localizer).state_dict()}, weights)
    masker.localizer.init_cfg = dict(type='Pretrained', checkpoint=str(weights))
    run(cfg)
    return folder


@pytest.fixture
def report(capsys, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')
    path = ROOT / 'tools/analysis/report.py'
    spec = importlib.util.spec_from_file_location('report', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*args):
        status = module.main([*map(str, args)])
        return status, capsys.readouterr()

    return call


def test_a_run_on_one_page(report, work_dir):
    status, said = report(work_dir, '--max-clips', '4')
    assert (status, said.err) == (0, '')
    assert said.out.splitlines()[-1] == str(work_dir / 'report.html')  # after what is logged
    page = (work_dir / 'report.html').read_text()
    titles = re.findall(r'<section id="part-\d"><h2>(.*?)</h2>', page)
    assert titles == [
        'Settings', 'Curves', 'Classes', 'Masks', 'Cost and time', 'Environment', 'Config'
    ]  # fmt: skip
    assert '>processes</th><td>1</td>' in page
    assert re.search(r'>begun</th><td>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d</td>', page)
    assert 'The student of epoch_1.pth on 4 clips of the test list (of each class eq' in page
    assert 'alt="confusion matrix"' in page
    assert 'alt="localization maps, masks and mixed clips"' in page
    rows = re.findall(CLASS_ROW, page)
    assert sum(int(clips) for clips, *_ in rows) == 4  # of all classes
    assert 'alt="student and teacher"' in page
    share = float(re.search(r'one view each: ([\d.]+) % right', page)[1])
    right = sum(int(clips) * int(student or 0) for clips, student, _ in rows) / 4
    assert right == pytest.approx(share, abs=1)
    assert page.count('<article>') == 4
    assert 'src="http' not in page


def test_pictures_of_training_come_first(report, work_dir, tmp_path):
    folder = shutil.copytree(work_dir, tmp_path / 'run')
    (scalars,) = folder.glob('*/vis_data/scalars.json')
    (scalars.parent / 'vis_image').mkdir()
    picture = np.full((8, 8, 3), 200, np.uint8)
    for name in ('mixed_2', 'confusion_student_3', 'of a <hook>_4'):
        Image.fromarray(picture).save(scalars.parent / 'vis_image' / f'{name}.png')
    status, _ = report(folder, '--max-clips', '2', '--out', tmp_path / 'r.html')
    assert status == 0
    page = (tmp_path / 'r.html').read_text()
    assert '<h2>Pictures of training</h2>' in page
    assert re.findall('<h3>(.*, iteration .*)</h3>', page) == [
        'Confusion of the student, iteration 3',
        'Mixed clips, iteration 2',
        'Of a &lt;hook&gt;, iteration 4',
    ]
    assert 'localization maps' not in page


def test_what_cannot_be_shown_is_said(report, work_dir, tmp_path):
    folder = shutil.copytree(work_dir, tmp_path / 'run')
    for path in (*folder.glob('*.pth*'), folder / 'last_checkpoint'):
        path.unlink()
    status, said = report(folder)
    assert status == 0
    assert said.err == f'Classes are left out. {folder} has no checkpoint.\n'
    page = (folder / 'report.html').read_text()
    assert f'Left out: {folder} has no checkpoint.' in page
    assert VALIDATION in page


def test_run_without_validation(report, work_dir, tmp_path):
    folder = shutil.copytree(work_dir, tmp_path / 'run')
    for path in (*folder.glob('*.pth*'), folder / 'last_checkpoint'):  # which takes long to draw
        path.unlink()
    (scalars,) = folder.glob('*/vis_data/scalars.json')
    lines = scalars.read_text().splitlines(keepends=True)
    scalars.write_text(''.join(line for line in lines if 'top1' not in line))
    assert report(folder)[0] == 0
    page = (folder / 'report.html').read_text()
    assert 'alt="training curves"' in page
    assert VALIDATION not in page


def test_results_of_all_sessions(report, work_dir, tmp_path):
    folder = shutil.copytree(work_dir, tmp_path / 'run')
    for path in (*folder.glob('*.pth*'), folder / 'last_checkpoint'):  # which takes long to draw
        path.unlink()
    (scalars,) = folder.glob('*/vis_data/scalars.json')
    assert '"iter": 2,' in scalars.read_text()  # the last one
    lines = [{'iter': 3, 'step': 3, 'loss': 1.0}, {'step': 2, 'student/top1': -1.0}]
    later = scalars.parents[1].with_name('99990101_000000') / 'vis_data/scalars.json'
    later.parent.mkdir(parents=True)
    later.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    assert report(folder)[0] == 0
    row = re.search('student/top1</th>(.*?)</tr>', (folder / 'report.html').read_text())[1]
    now, best = re.findall(r'>(-?[\d.]+)<', row)
    assert (now, float(best) >= 0) == ('-1.0', True)


def test_no_run(report, tmp_path):
    status, said = report(tmp_path)
    assert status == 2
    assert said.err.startswith(f'report: {tmp_path} holds no scalars of a training run')
