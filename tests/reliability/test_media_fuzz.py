import pytest

from tests.reliability.media_fuzz import main, run


def test_damaged_files_end_in_a_sample_or_an_error_that_names_them(capfd):
    result = run(60, seed=1)
    assert result['defects'] == 0, capfd.readouterr().err
    for counts in result['counts'].values():
        assert sum(counts.values()) == 60
        assert counts['named error'] > 5
        assert counts['right'] > 5


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_thousand_files():
    assert main(['--files', '2000', '--seed', '0', '--json']) == 0
