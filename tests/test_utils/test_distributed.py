import pytest

from mmavssl.utils.distributed import check_started_by
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.launchers import STARTERS, VARIABLES


@pytest.mark.parametrize('launcher', VARIABLES)
def test_launcher_has_started_the_process(monkeypatch, launcher):
    *others, last = VARIABLES[launcher]
    for name in others:
        monkeypatch.setenv(name, '0')
    monkeypatch.delenv(last, raising=False)
    with pytest.raises(ConfigError, match=rf'{launcher}: the environment lacks {last}, which'):
        check_started_by(launcher)
    monkeypatch.setenv(last, '0')
    check_started_by(launcher)
    assert launcher in STARTERS
