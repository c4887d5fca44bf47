import pytest
import torch

from mmavssl.apis.mask_clips import find_partners


@pytest.mark.parametrize(
    ('shown', 'partners'),
    [
        ('', []),
        ('a', [None]),
        ('aa', [None, None]),
        ('abc', [1, 2, 0]),
        ('aab', [2, 2, 0]),
        ('abb', [1, 0, 0]),
    ],
)
def test_partner_is_the_next_clip_that_shows_something_else(shown, partners):
    clips = [{'inputs': {'video': torch.full((1, 3, 2, 4, 4), ord(name))}} for name in shown]
    assert find_partners(clips) == partners
