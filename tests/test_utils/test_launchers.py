import pytest

from mmavssl.utils.launchers import VARIABLES, rank_of


@pytest.mark.parametrize('launcher', VARIABLES)
def test_rank_before_the_process_has_joined(monkeypatch, launcher):
    monkeypatch.delenv(VARIABLES[launcher][0], raising=False)
    assert rank_of(launcher) == 0
    for rank in (0, 1, 10):
        monkeypatch.setenv(VARIABLES[launcher][0], str(rank))
        assert rank_of(launcher) == rank
        assert rank_of('none') == 0
