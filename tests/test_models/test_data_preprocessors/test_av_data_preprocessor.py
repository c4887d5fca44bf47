import pytest
import torch

from mmavssl.models.data_preprocessors import AVDataPreprocessor
from mmavssl.utils.random import isolated_rng
from mmavssl.utils.temporal_warp import tw_aug_indices


def test_normalizes_video_at_any_depth_and_nothing_else():
    video = torch.randint(0, 256, (2, 3, 4, 8, 8), dtype=torch.uint8)
    audio = torch.randn(2, 10, 5)
    data = {
        'inputs': {'labeled': {'weak': {'video': video, 'audio': audio}}},
        'data_samples': {'labeled': ['a', 'b']},
    }
    out = AVDataPreprocessor()(data, training=True)
    view = out['inputs']['labeled']['weak']
    torch.testing.assert_close(view['video'], (video / 255.0 - 0.45) / 0.225)
    assert torch.equal(view['audio'], audio)
    assert out['data_samples'] == {'labeled': ['a', 'b']}
    assert data['inputs']['labeled']['weak']['video'].dtype == torch.uint8


def test_unnormalize_is_the_inverse():
    preprocessor = AVDataPreprocessor(mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.1))
    video = torch.randint(0, 256, (5, 3, 4, 8, 8), dtype=torch.uint8)
    back = preprocessor.unnormalize(preprocessor.normalize(video))
    torch.testing.assert_close(back, video / 255.0, atol=1e-6, rtol=0)


def test_channel_dropout_of_strong_views_in_training():
    def batch():
        video = torch.full((200, 3, 2, 2, 2), 200, dtype=torch.uint8)
        views = {'weak': {'video': video}, 'strong': {'video': video}}
        return {'inputs': {'labeled': {'weak': {'video': video}}, 'unlabeled': views}}

    preprocessor = AVDataPreprocessor(channel_dropout=0.2)
    normal = (200 / 255 - 0.45) / 0.225
    torch.manual_seed(0)
    inputs = preprocessor(batch(), training=True)['inputs']
    strong = inputs['unlabeled']['strong']['video']
    assert torch.equal(strong, strong[:, :, :1, :1, :1].expand_as(strong))  # whole channels
    values = strong[:, :, 0, 0, 0]
    dropped = values == 0
    torch.testing.assert_close(values[~dropped], torch.full_like(values[~dropped], normal / 0.8))
    assert 0.13 < dropped.float().mean() < 0.27
    assert 0 < dropped.any(dim=1).float().mean() < 1
    for view in (inputs['labeled']['weak'], inputs['unlabeled']['weak']):
        torch.testing.assert_close(view['video'], torch.full_like(view['video'], normal))
    strong = preprocessor(batch())['inputs']['unlabeled']['strong']['video']
    torch.testing.assert_close(strong, torch.full_like(strong, normal))
    with pytest.raises(ValueError, match=r'`channel_dropout` to be in \[0, 1\), but got 1'):
        AVDataPreprocessor(channel_dropout=1)


def test_view_keeps_the_clip_from_which_no_colour_was_dropped():
    video = torch.randint(0, 256, (50, 3, 2, 2, 2), dtype=torch.uint8)
    preprocessor = AVDataPreprocessor(channel_dropout=0.3)
    view = preprocessor({'inputs': {'u': {'strong': {'video': video}}}}, True)['inputs']['u'][
        'strong'
    ]
    torch.testing.assert_close(view['full_video'], preprocessor.normalize(video))
    lost = view['video'] == 0
    assert 0 < lost.float().mean() < 1
    kept = ~lost
    torch.testing.assert_close(view['video'][kept], view['full_video'][kept] / 0.7)
    plain = AVDataPreprocessor()({'inputs': {'u': {'strong': {'video': video}}}}, True)
    assert 'full_video' not in plain['inputs']['u']['strong']


def test_one_warp_for_all_strong_clips_of_a_batch():
    """Frame t of clip b has the value 10 b + t."""
    value = 10 * torch.arange(4)[:, None] + torch.arange(8)
    video = value[:, None, :, None, None].expand(4, 3, 8, 2, 2).to(torch.uint8)
    views = {'weak': {'video': video}, 'strong': {'video': video}}
    preprocessor = AVDataPreprocessor(mean=(0, 0, 0), std=(1, 1, 1), batch_tw_aug=True)
    distinct = set()
    for seed in range(30):
        with isolated_rng(seed):
            inputs = preprocessor({'inputs': {'u': views}}, training=True)['inputs']['u']
        with isolated_rng(seed):
            order = torch.from_numpy(tw_aug_indices(8))
        shown = (255 * inputs['strong']['video'][:, 0, :, 0, 0]).round().long()
        assert torch.equal(shown, 10 * torch.arange(4)[:, None] + order)
        distinct.add(len(order.unique()))
        torch.testing.assert_close(inputs['weak']['video'], preprocessor.normalize(video))
    assert len(distinct) >= 3
    tested = preprocessor({'inputs': {'u': views}})['inputs']['u']['strong']['video']
    torch.testing.assert_close(tested, preprocessor.normalize(video))
