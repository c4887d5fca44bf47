"""What words of a command line are turned to."""

import argparse
from pathlib import Path

import pytest

from mmavssl.utils.cli_types import given_path, positive

ROOT = Path(__file__).parents[2]


def test_positive():
    assert positive('12') == 12


@pytest.mark.parametrize('text', ['0', '-1', '1.5', 'x', ''])
def test_not_positive(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected 1 or more, but got '{text}'"):
        positive(text)


def test_given_path():
    assert given_path('a/b.csv') == Path('a/b.csv')
    with pytest.raises(argparse.ArgumentTypeError, match='it is empty, as by a variable'):
        given_path('')


def test_no_tool_takes_an_empty_path_for_the_folder_one_is_in():
    sources = [*ROOT.glob('tools/**/*.py'), *ROOT.glob('mmavssl/**/*.py')]
    assert sum('type=given_path' in source.read_text() for source in sources) > 15
    assert not [source for source in sources if 'type=Path' in source.read_text()]
