import os

import pytest

from mmavssl.utils import outputs
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.outputs import check_output, check_output_folder


def test_nothing_is_left_behind(tmp_path):
    (tmp_path / 'old.json').write_text('{}')
    for path in ('new/folder/a.json', 'a.json', 'old.json'):
        check_output(tmp_path / path)
    check_output_folder(tmp_path / 'x/y')
    check_output_folder(tmp_path)
    assert os.listdir(tmp_path) == ['old.json']
    assert (tmp_path / 'old.json').read_text() == '{}'


def test_what_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    for path in ('/proc/x/a.json', tmp_path / 'file/a.json'):
        with pytest.raises(ConfigError, match=r'no file can be written there .* another folder'):
            check_output(path)
    with pytest.raises(ConfigError, match=r'is a folder\. Name a file to write'):
        check_output(tmp_path)
    monkeypatch.setattr(outputs.os, 'access', lambda *args: False)  # root may write anything
    with pytest.raises(ConfigError, match=r'file may not be written\. Name another file'):
        check_output(tmp_path / 'file')
