from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from mmengine.hooks import LoggerHook
from torch.optim import SGD

from mmavssl.utils.argument_types import check_types, describe, fits, short
from mmavssl.utils.errors import ConfigError


class Part:
    """A component."""

    def __init__(
        self, size: int, rate: float = 0.5, name: str | None = None, pair: tuple[int, int] = (1, 2)
    ) -> None:
        pass


class Whole(Part):
    """One that hands on what it does not know."""

    def __init__(self, flag: bool = False, sizes: Sequence[int] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (1, int), (1, float), (1.5, float), (None, int | None), ([1, 2], tuple[int, int]),
        ((1, 2), list[int]), ([], Sequence[int]), ({'a': 1.0}, dict[str, float]),
        ({'type': 'A'}, Callable), ([{'type': 'A'}], Sequence[dict | Callable]), ('a', str),
        (True, bool), ({}, Mapping), (object(), int), (print, dict), ('x', Any),
    ],
)  # fmt: skip
def test_fits(value, expected):
    assert fits(value, expected)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (True, int), (1.0, int), ('1', int), (float('nan'), float), (float('inf'), float),
        (None, int), ([1], tuple[int, int]), ([1, 'a'], list[int]), ('ab', Sequence[str]),
        ({'a': 'b'}, dict[str, float]), ([], dict), ('a', Callable), (1, bool), (1, str),
        ({}, str), ([1], dict | None),
    ],
)  # fmt: skip
def test_does_not_fit(value, expected):
    assert not fits(value, expected)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'size': '3'}, "model.part.size: Whole expects `size` to be an int, but got '3'."),
        ({'rate': None}, 'model.part.rate: Whole expects `rate` to be a number, but got None.'),
        ({'name': 3}, 'model.part.name: Whole expects `name` to be a string or None, but got 3.'),
        ({'pair': [1]}, '`pair` to be a list of 2 (an int, an int), but got [1].'),
        ({'flag': 1}, '`flag` to be True or False, but got 1.'),
        ({'sizes': 3}, '`sizes` to be a list (of an int), but got 3.'),
    ],
)
def test_message_names_the_key(arguments, message):
    with pytest.raises(ConfigError) as caught:
        check_types(Whole, arguments, 'model.part')
    assert message in str(caught.value)


def test_unknown_names_are_left_to_others():
    check_types(Whole, {'colour': 3, 'size': 3})


def test_types_of_defaults_count_where_mmengine_has_no_annotation():
    check_types(LoggerHook, {'interval': 5, 'log_metric_by_epoch': False})
    with pytest.raises(ConfigError, match='`interval` to be an int'):
        check_types(LoggerHook, {'interval': 'five'})


def test_torch():
    check_types(SGD, {'lr': 0.1, 'nesterov': True})
    with pytest.raises(ConfigError, match='`lr` to be a number'):
        check_types(SGD, {'lr': '0.1'})


def test_words():
    assert describe(dict) == 'a dict'
    assert describe(list[dict] | None) == 'a list (of a dict) or None'
    assert len(short('a' * 999)) < 120
