import pytest

from mmavssl.utils import commands
from mmavssl.utils.errors import CLEAR


@pytest.mark.parametrize('kind', CLEAR)
def test_tools_are_called_as_the_user_can(kind, monkeypatch, tmp_path):
    error = kind('Run python tools/train.py a.py first.')
    assert str(error) == 'Run python tools/train.py a.py first.'
    (tmp_path / '.mim').mkdir()
    monkeypatch.setattr(commands, 'PACKAGE', tmp_path)  # of a wheel
    assert str(error) == 'Run mmavssl train a.py first.'
    assert isinstance(error, (ValueError, RuntimeError))
