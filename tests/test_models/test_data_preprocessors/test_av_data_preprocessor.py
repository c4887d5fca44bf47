import torch

from mmavssl.models.data_preprocessors import AVDataPreprocessor


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
