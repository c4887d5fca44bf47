import pytest

from mmavssl.utils.ranges import check_counts, check_range


def test_inside():
    assert check_range('x', 3, 1, 3) == 3
    assert check_range('x', 0.5, above=0, below=1) == 0.5
    check_counts(a=1, b=4096)


@pytest.mark.parametrize(
    ('value', 'limits', 'words'),
    [
        (0, {'low': 1}, 'at least 1'),
        (4, {'high': 3}, 'at most 3'),
        (0, {'above': 0}, 'positive'),
        (1, {'above': 1}, 'greater than 1'),
        (1, {'below': 1}, 'less than 1'),
        (float('nan'), {'low': 0}, 'at least 0'),
    ],
)
def test_outside(value, limits, words):
    with pytest.raises(ValueError, match=f'^Expected `x` to be {words}, but got {value!r}.$'):
        check_range('x', value, **limits)


def test_counts():
    with pytest.raises(ValueError, match='`depth` to be at most 4096, but got 1000000'):
        check_counts(width=3, depth=10**6)
