import pytest

from mmavssl.utils.distributed import (
    STARTERS,
    VARIABLES,
    check_started_by,
    is_first_process,
)
from mmavssl.utils.errors import ConfigError


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


@pytest.mark.parametrize('launcher', VARIABLES)
def test_first_process_before_it_has_joined(monkeypatch, launcher):
    for rank in (0, 1, 10):
        monkeypatch.setenv(VARIABLES[launcher][0], str(rank))
        assert is_first_process(launcher) == (rank == 0)
        assert is_first_process('none')
