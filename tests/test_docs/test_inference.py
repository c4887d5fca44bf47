"""docs/inference.md as written: its commands and its programs, in a checkout of the README."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.splits import make_split
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.configs import load_config
from tests.small_predictor import CENTER, class_names, small_config, test_videos, write_checkpoint

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/inference.md').read_text()
PROGRAMS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
COMMANDS = re.findall(r'^python tools/predict.py (.*)', PAGE.replace('\\\n', ' '), re.MULTILINE)
JOIN = re.search(r'^sed .*joined\.csv$', PAGE, re.MULTILINE)[0]
TRAIN = re.search(r'^python tools/train.py (.*)', PAGE.replace('\\\n', ' '), re.MULTILINE)[1]
CONFIG = 'configs/asl_mix/avsprites_2shot.py'
POOL = 'data/avsprites/splits/2shot_seed0/unlabeled.csv'
WEIGHTS = Path('work_dirs/asl_mix/avsprites_2shot/epoch_15.pth')


@pytest.fixture
def _checkout(tmp_path, avsprites_root, monkeypatch):
    folder = tmp_path / 'data/avsprites/videos/test'
    folder.mkdir(parents=True)
    for path in map(Path, test_videos(avsprites_root)[:2]):
        (folder / path.name).symlink_to(path)
    pool = tmp_path / POOL
    pool.parent.mkdir(parents=True)
    rows = [f'videos/test/{path.name},9\n' for path in folder.iterdir()]
    pool.write_text(''.join(['path,label\n', *rows]))
    monkeypatch.chdir(tmp_path)
    WEIGHTS.parent.mkdir(parents=True)
    cfg = small_config(avsprites_root, localizer=CENTER)
    write_checkpoint(WEIGHTS, cfg, class_names(avsprites_root))


@pytest.fixture
def predict(monkeypatch):
    """Return what runs the tool in this process."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('predict_tool', ROOT / 'tools/predict.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda command: module.main(shlex.split(command))


@pytest.mark.usefixtures('_checkout')
def test_commands_of_the_page(predict, avsprites_root, capsys):
    assert len(COMMANDS) == 4
    for command in COMMANDS:
        assert predict(command) == 0
    assert len(os.listdir('played')) == 2
    classes = class_names(avsprites_root)
    assert 0 < len(read_manifest('pseudo.csv', classes)) <= 2
    assert len(read_manifest('to_label.csv', classes)) == 2
    labeled = 'path,label\nvideos/train/b.mp4,3\nvideos/train/a.mp4,7\n'
    Path(POOL).with_name('labeled.csv').write_text(labeled)
    subprocess.run(['bash', '-c', JOIN], check=True)
    *pseudo, second, last = read_manifest('joined.csv', classes)
    assert pseudo == list(read_manifest('pseudo.csv', classes))
    assert [(second.path, second.label), (last.path, last.label)] == [
        ('videos/train/b.mp4', 3), ('videos/train/a.mp4', 7)
    ]  # fmt: skip
    assert second.confidence is last.confidence is None
    assert capsys.readouterr().out.count('.mp4: ') == 1 + 3 * 2


@pytest.mark.docs
def test_training_with_joined_labels(tmp_path, avsprites_root, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('configs', 'tools'):
        Path(name).symlink_to(ROOT / name)
    Path('data').mkdir()
    root = Path('data/avsprites')
    root.mkdir()
    for path in avsprites_root.iterdir():
        (root / path.name).symlink_to(path)
    (root / 'splits').unlink()
    folder = root / 'splits/2shot_seed0'
    make_split(root / 'manifest_train.csv', root / 'classes.txt', folder, shots=2)
    rows = (folder / 'unlabeled.csv').read_text().splitlines()[1:9]
    names = [row.split(',')[0] for row in rows]
    pseudo = [f'{avsprites_root.resolve()}/{name},{n},0.9\n' for n, name in enumerate(names)]
    Path('pseudo.csv').write_text(''.join(['path,label,confidence\n', *pseudo]))
    subprocess.run(['bash', '-c', JOIN], check=True)
    masker = load_config(str(ROOT / CONFIG)).model.mixer.masker
    weights = Path(masker.localizer.init_cfg.checkpoint)
    weights.parent.mkdir(parents=True)
    localizer = LOCALIZERS.build({**masker.localizer.to_dict(), 'init_cfg': None})
    torch.save(localizer.state_dict(), weights)
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    command = f'{sys.executable} tools/train.py {TRAIN}'
    run = subprocess.run(
        ['bash', '-c', command], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert Path('work_dirs/joined/epoch_1.pth').is_file()


@pytest.mark.usefixtures('_checkout')
def test_programs_of_the_page(capsys):
    known = {}
    for program in PROGRAMS:
        exec(compile(program, 'docs/inference.md', 'exec'), known)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[-1] == 'torch.Size([8]) torch.Size([24, 28, 28]) (24,)'
