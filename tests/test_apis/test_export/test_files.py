"""The files of a program: their names, and what they say about it."""

import json

import onnxruntime
import pytest
import torch
from mmengine.config import Config

import mmavssl.version
from mmavssl.apis.export import export_recognizer
from mmavssl.apis.export_formats import METADATA_FILE
from tests.test_apis.test_export.toys import (
    CLASSES,
    build,
    error,
    expected_scores,
    make_clips,
    named,
    open_onnx,
)


def test_files_say_what_they_are(video_only, tmp_path):
    cfg, checkpoint = video_only
    (tmp_path / 'classes.txt').write_text('\n'.join('abcde'))
    steps = [dict(type='OpenAVFile', backend_args=dict(key='secret')), dict(type='LogMel')]
    cfg = Config({
        **cfg.to_dict(),
        'test_dataloader': dict(dataset=dict(data_root=str(tmp_path), pipeline=steps)),
    })  # fmt: skip
    named(cfg)
    cfg.model.average, cfg.model.test_with = 'logit', 'teacher'
    onnx, pt2 = tmp_path / 'a.onnx', tmp_path / 'a.pt2'
    facts = export_recognizer(cfg, checkpoint, onnx, batch_size=None, opset=20).metadata
    assert facts == {
        'mmavssl_version': mmavssl.version.__version__,
        'torch_version': torch.__version__,
        'config': 'method/name.py',
        'checkpoint': 'epoch_3.pth',
        'epoch': None,
        'network': 'teacher',
        'inputs': {'video': {'dtype': 'uint8', 'shape': ['batch', 3, 2, 32, 32]}},
        'outputs': {'scores': {'dtype': 'float32', 'shape': ['batch', CLASSES]}},
        'test_pipeline': [{'type': 'OpenAVFile'}, {'type': 'LogMel'}],
        'average': 'logit',
        'classes': list('abcde'),
    }
    session = onnxruntime.InferenceSession(onnx)
    stored = session.get_modelmeta().custom_metadata_map
    assert {key: value for key, value in stored.items() if isinstance(facts[key], str)} == {
        key: value for key, value in facts.items() if isinstance(value, str)
    }
    for key, value in facts.items():
        assert isinstance(value, str) or json.loads(stored[key]) == value
    shapes = [session.get_inputs()[0].shape, session.get_outputs()[0].shape]
    assert shapes == [['batch', 3, 2, 32, 32], ['batch', CLASSES]]

    facts = export_recognizer(cfg, checkpoint, pt2, batch_size=4).metadata
    assert facts['inputs']['video']['shape'] == [4, 3, 2, 32, 32]
    extra = {METADATA_FILE: ''}
    torch.export.load(pt2, extra_files=extra)
    assert json.loads(extra[METADATA_FILE]) == facts


def test_weights_too_large_for_one_file(video_only, tmp_path, monkeypatch):
    limit = 'torch.onnx._internal.exporter._onnx_program._LARGE_MODEL_THRESHOLD'
    monkeypatch.setattr(limit, 0)
    out = tmp_path / 'model.onnx'
    exported = export_recognizer(*video_only, out, batch_size=2)
    assert exported.files == [out, tmp_path / 'model.onnx.data']
    assert sorted(tmp_path.iterdir()) == exported.files
    clips = make_clips(video_only[0], 2)
    scores = expected_scores(build(video_only[0]), 'student', clips)
    torch.testing.assert_close(open_onnx(out)(clips), scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize('name', ['model.pth', 'model', 'model.ONNX'])
def test_unknown_suffix(video_only, tmp_path, name):
    message = error(*video_only, tmp_path / name)
    assert message == (f'{tmp_path / name}: expected a file name that ends with .onnx or .pt2.')


def test_folder(video_only, tmp_path):
    out = tmp_path / 'model.onnx'
    out.mkdir()
    assert error(*video_only, out) == f'{out} is a folder. Name a file to write.'
