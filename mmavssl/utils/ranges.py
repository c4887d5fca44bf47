"""Ranges of numbers, for constructors."""

from typing import Any

#: More blocks, clips or frames than any network has: a slip, which would take all memory.
MAX_COUNT = 4096
#: The same for widths, sides and numbers of classes.
MAX_WIDTH = 2**20
#: Of a picture.
MAX_SIDE = 2**14


def check_range(
    name: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Return a number, or raise if it is out of its range; NaN is out of any.

    Args:
        name: of the argument.
        value: of it.
        low: smallest value.
        high: largest value.
        above: what it has to be greater than.
        below: what it has to be less than.

    Raises:
        ValueError: says which limit.
    """
    for is_right, words in (
        (low is None or value >= low, f'at least {low}'),
        (above is None or value > above, f'greater than {above}' if above else 'positive'),
        (high is None or value <= high, f'at most {high}'),
        (below is None or value < below, f'less than {below}'),
    ):
        if not is_right:
            raise ValueError(f'Expected `{name}` to be {words}, but got {value!r}.')
    return value


def check_counts(high: int = MAX_COUNT, **values: int) -> None:
    """Raise a ValueError if one of the arguments is not from 1 to ``high``."""
    for name, value in values.items():
        check_range(name, value, 1, high)
