import pytest

from tests.reliability.config_fuzz import main, run


def test_mutations_end_in_a_model_or_one_clear_error(capsys):
    result = run(60, seed=1)
    assert result['defects'] == 0, capsys.readouterr().err
    assert result['counts']['clear error'] > 20
    assert result['counts']['built'] > 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_thousand_mutations():
    assert main(['--mutations', '2000', '--seed', '0', '--json']) == 0
