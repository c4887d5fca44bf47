"""docs/export.md as written: its command, then its programs, against the algorithm's own test."""

import importlib.util
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.datasets.collate import av_collate
from mmavssl.registry import DATASETS, SSL_ALGORITHMS
from mmavssl.utils.configs import load_config
from tests.small_predictor import as_text

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/export.md').read_text()
WITH_ONNX, WITH_TORCH, MAKE_CLIPS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
[COMMAND] = re.findall(r'^python tools/export.py (.*)', PAGE, re.MULTILINE)
SHALLOW = [f'model.student.{name}.depth=1' for name in ('backbone', 'audio_backbone')]  # fast


@pytest.fixture
def checkout(tmp_path, avsprites_root, monkeypatch) -> Path:
    """A root of the repository with the data of the README."""
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/avsprites').symlink_to(avsprites_root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def export(monkeypatch):
    """Return what runs the tool in this process."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('export_tool', ROOT / 'tools/export.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *args: module.main(args)


@pytest.mark.docs
def test_programs_of_the_page(checkout, export, capsys):
    checkpoint, out, *options = shlex.split(COMMAND)
    cfg = load_config('configs/asl_mix/avsprites_2shot.py', SHALLOW)
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    cfg.model.mixer = None
    model = SSL_ALGORITHMS.build(cfg.model).eval()
    for parameter in model.student.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    Path(checkpoint).parent.mkdir(parents=True)
    hub = {'runtime_info': {'cfg': as_text(cfg)}}
    content = {'state_dict': model.state_dict(), 'meta': {'epoch': 15}, 'message_hub': hub}
    torch.save(content, checkpoint)

    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    sample = dataset[0]
    shutil.copy(sample['data_samples'].video_path, 'video.mp4')
    with torch.no_grad():
        [tested] = model.test_step(av_collate([sample]))
    score, label = tested.student_score.max(dim=0)

    assert export(checkpoint, out, *options) == 0
    assert export(checkpoint, 'asl_mix.pt2', '--no-check', *options) == 0
    for program in (MAKE_CLIPS, WITH_ONNX, WITH_TORCH):
        capsys.readouterr()
        exec(compile(program, 'docs/export.md', 'exec'), {})
        if program is not MAKE_CLIPS:
            name, value = capsys.readouterr().out.split()
            assert name == dataset.metainfo['classes'][label]
            assert float(value) == pytest.approx(float(score), abs=1e-5)
    assert sorted(os.listdir()) == sorted(
        ['configs', 'data', 'work_dirs', out, 'asl_mix.pt2', 'video.mp4', 'clips.npz']
    )
