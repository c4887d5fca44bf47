"""Settings of ONNX, and the packages that it needs."""

import sys
from importlib.metadata import version

import pytest

from mmavssl.apis.export import export_recognizer
from mmavssl.apis.export_formats import ONNXFormat
from mmavssl.utils.errors import ConfigError
from tests.test_apis.test_export.toys import error


def test_settings_of_onnx(video_only, tmp_path):
    message = error(*video_only, tmp_path / 'a.pt2', opset=18)
    assert message == '`opset` 18 is for .onnx alone. Leave it out for .pt2.'
    message = error(*video_only, tmp_path / 'a.onnx', opset=17)
    assert message == 'Expected `opset` to be 18 or more, but got 17.'


def test_opset_that_the_packages_do_not_write(video_only, tmp_path, caplog):
    message = error(*video_only, tmp_path / 'a.onnx', opset=99)
    assert message.startswith(f'torch {version("torch")}, onnx ')
    assert 'cannot write the network with opset 99: ' in message
    assert not caplog.records
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('package', ['onnx', 'onnxscript'])
def test_missing_packages(video_only, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    message = error(*video_only, tmp_path / 'a.onnx', check=False)
    assert message.startswith(f'Writing .onnx needs onnx and onnxscript (import of {package} ')
    assert message.endswith('To install: pip install onnx onnxscript')
    export_recognizer(*video_only, tmp_path / 'a.pt2')


def test_missing_onnxruntime(video_only, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    message = error(*video_only, tmp_path / 'a.onnx')
    assert message.startswith('Checking .onnx needs onnxruntime (import of onnxruntime ')
    assert message.endswith('pip install onnxruntime (or do not check: --no-check)')
    assert export_recognizer(*video_only, tmp_path / 'a.onnx', check=False).difference is None
    assert (tmp_path / 'a.onnx').is_file()


def test_file_that_onnxruntime_does_not_read(tmp_path):
    (tmp_path / 'a.onnx').write_text('nothing')
    with pytest.raises(ConfigError, match=r'^onnxruntime .* does not read what was written: .*'):
        ONNXFormat.load(tmp_path / 'a.onnx')
