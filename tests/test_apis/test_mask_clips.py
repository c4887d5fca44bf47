import numpy as np
import pytest

from mmavssl.apis.mask_clips import find_partners
from mmavssl.structures import AVDataSample


def sample(path, begin=0.0):
    metainfo = {'video_path': path, 'clip_times': np.array([[begin, begin + 2]])}
    return {'data_samples': AVDataSample(metainfo=metainfo)}


@pytest.mark.parametrize(
    ('clips', 'partners'),
    [
        ([], []),
        ([('a.mp4',)], [None]),
        ([('a.mp4',), ('./a.mp4',)], [None, None]),
        ([('a.mp4',), ('b.mp4',), ('c.mp4',)], [1, 2, 0]),
        ([('a.mp4',), ('a.mp4',), ('b.mp4',)], [2, 2, 0]),
        ([('a.mp4', 0.0), ('a.mp4', 1.0)], [1, 0]),
    ],
)
def test_partner_is_the_next_clip_that_is_another(clips, partners):
    assert find_partners([sample(*clip) for clip in clips]) == partners
