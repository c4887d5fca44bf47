import pytest

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.managed_text import replace_part

TEXT = 'before\n<!-- costs: written by tool.py -->\nold\n<!-- end of costs -->\nafter\n'


def test_only_the_part_changes_and_writing_again_changes_nothing():
    once = replace_part(TEXT, 'costs', 'tool.py', 'new\n')
    assert once.startswith('before\n<!-- costs: written by tool.py -->\n\nnew\n\n<!-- end')
    assert once.endswith('<!-- end of costs -->\nafter\n')
    assert 'old' not in once
    assert replace_part(once, 'costs', 'tool.py', 'new') == once


@pytest.mark.parametrize('text', ['', TEXT + TEXT, TEXT.replace('end of', 'end')])
def test_comments_must_be_there_once(text):
    with pytest.raises(ConfigError, match='one pair of lines'):
        replace_part(text, 'costs', 'tool.py', 'new')
