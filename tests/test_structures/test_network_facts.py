import pytest

from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts, parse_facts, read_facts
from mmavssl.utils.errors import ConfigError


def test_what_a_user_says():
    assert parse_facts({}) == UNKNOWN
    assert parse_facts(dict(stride=10, num_heads=3)) == NetworkFacts(num_heads=3, stride=10)
    with pytest.raises(ConfigError, match=r'num_heads, stride, num_mel_bins, .* got \{.str'):
        parse_facts(dict(stride=0))


def test_what_a_file_says():
    networks = {'': {'stride': 10}, 'student.backbone': {'num_heads': 6}}
    assert read_facts({'state_dict': {}, 'meta': {'epoch': 3, 'networks': networks}}) == {
        '': NetworkFacts(stride=10), 'student.backbone': NetworkFacts(num_heads=6),
    }  # fmt: skip


@pytest.mark.parametrize(
    'content', [[1], {}, {'meta': 'text'}, {'meta': {}}, {'meta': {'networks': ['a']}}]
)
def test_files_that_say_nothing(content):
    assert read_facts(content) == {}


def test_files_of_others_that_say_something_else():
    networks = {'': {'stride': 'many', 'num_heads': 2, 'x': 1}, 3: {'stride': 2}, 'a': None}
    assert read_facts({'meta': {'networks': networks}}) == {'': NetworkFacts(num_heads=2)}
