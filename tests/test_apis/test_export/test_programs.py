"""Exported programs against the algorithm that the checkpoint belongs to."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

from mmavssl.apis.export import export_recognizer
from mmavssl.registry import MODELS
from mmavssl.utils.configs import load_config
from tests.test_apis.test_export.toys import OPEN, build, expected_scores, make_clips

ROOT = Path(__file__).parents[3]


def assert_depends_on_all_inputs(run, clips) -> None:
    before = run(clips)
    for name in clips:
        changed = {**clips, name: clips[name].flip(0)}
        assert (run(changed) - before).abs().max() > 1e-3, name


@pytest.mark.parametrize(('suffix', 'role'), [('onnx', 'student'), ('pt2', 'teacher')])
def test_any_batch_size(trained, tmp_path, suffix, role):
    cfg, algorithm, checkpoint = trained
    out = tmp_path / f'new/model.{suffix}'
    exported = export_recognizer(cfg, checkpoint, out, use=role, batch_size=None)
    assert exported.files == [out]
    assert list(out.parent.iterdir()) == [out]
    assert 0 <= exported.difference < 1e-6
    run = OPEN[suffix](out)
    for count in (1, 2, 7):
        clips = make_clips(cfg, count)
        scores = expected_scores(algorithm, role, clips)
        torch.testing.assert_close(run(clips), scores, rtol=0, atol=1e-6)
    assert_depends_on_all_inputs(run, clips)
    other = expected_scores(algorithm, {'student': 'teacher', 'teacher': 'student'}[role], clips)
    assert (other - scores).abs().max() > 1e-2


@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_one_batch_size(video_only, tmp_path, suffix):
    cfg, checkpoint = video_only
    out = tmp_path / f'model.{suffix}'
    assert export_recognizer(cfg, checkpoint, out, batch_size=3).difference < 1e-6
    algorithm = build(cfg)
    clips = make_clips(cfg, 3)
    run = OPEN[suffix](out)
    scores = expected_scores(algorithm, 'student', clips)
    torch.testing.assert_close(run(clips), scores, rtol=0, atol=1e-6)
    with pytest.raises(Exception, match=r'[Ee]xpected.*3|equal to 3|== 3'):
        run(make_clips(cfg, 2))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_size_of_the_paper(tmp_path):
    """ASL-Mix with 254 million parameters; needs 5 GB of memory and 2 GB of disk."""
    cfg = load_config(str(ROOT / 'configs/asl_mix/ucf51_1shot.py'))
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    student = MODELS.build(cfg.model.student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    state = {f'student.{name}': value for name, value in student.state_dict().items()}
    torch.save({'state_dict': state}, tmp_path / 'epoch_50.pth')
    del student, state
    out = tmp_path / 'asl_mix.onnx'
    exported = export_recognizer(cfg, tmp_path / 'epoch_50.pth', out)
    size = sum(file.stat().st_size for file in exported.files)
    for file in (*exported.files, tmp_path / 'epoch_50.pth'):
        file.unlink()
    print(f'{exported.difference:.1e}, {size / 1e9:.3f} GB')
    assert exported.difference <= 1e-5
    assert size == pytest.approx(4 * 253.92e6, rel=0.01)
    assert exported.metadata['outputs']['scores']['shape'] == [1, 51]
