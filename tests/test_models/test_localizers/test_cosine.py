import math
import zlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.localizers import CosineLocalizer, EZVSLLocalizer, FNACLocalizer
from mmavssl.models.localizers.cosine import smooth_by_affinity
from mmavssl.models.losses import FNACLoss
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.errors import ConfigError

LOSS_TERMS = ('contrast', 'fns1', 'tns', 'fns2')


def uniform(tag, low, high, shape):
    values = np.random.RandomState(zlib.crc32(tag.encode())).uniform(low, high, shape)
    return torch.from_numpy(np.float32(values)).double()


def tiny(**kwargs):
    torch.manual_seed(0)
    return FNACLocalizer(**{'num_stages': 2, 'base_channels': 8, 'out_dims': 16, **kwargs})


def to_unit_range(localizer, normalized):
    return normalized * localizer.std + localizer.mean


def close(ours, reference, atol=1e-5):
    torch.testing.assert_close(
        ours, torch.as_tensor(reference).to(ours.dtype), rtol=1e-5, atol=atol
    )


def test_names_and_size(parity):
    state = FNACLocalizer().state_dict()
    assert sorted(state) == sorted(str(name) for name in parity['keys'])
    assert len(state) == 244
    assert sum(p.numel() for p in FNACLocalizer().parameters()) == 22_872_064


@pytest.fixture(scope='module')
def image_embedding(official_net):
    image = uniform('image224', -2, 2.5, (2, 3, 224, 224))
    return official_net.embed_frames(to_unit_range(official_net, image))


def test_parity_of_frames(image_embedding, parity):
    close(image_embedding[:, ::8], parity['a/img_embed'])


@pytest.mark.parametrize(
    ('case', 'tag', 'size', 'high'),
    [('spec', 'spec257x200', (257, 200), 0.5), ('mel', 'mel128x256', (128, 256), 1.3)],
)
def test_parity_at_full_size(official_net, image_embedding, parity, case, tag, size, high):
    low = {'spec': -1.35, 'mel': -1.3}[case]
    sound = official_net.embed_audio(uniform(tag, low, high, (2, 1, *size)).squeeze(1))
    cosine = torch.einsum('nchw,nc->nhw', image_embedding, sound)
    close(sound, parity[f'a/{case}/aud_embed'])
    close(cosine, parity[f'a/{case}/cosine'])
    close(cosine / 0.03, parity[f'a/{case}/map_over_tau'], atol=1e-4)
    terms = FNACLoss().terms(image_embedding, sound)
    ours = torch.stack([terms[name] for name in LOSS_TERMS])
    close(ours, parity[f'a/{case}/losses'])


def test_parity_at_any_size(official_net, parity):
    frames = to_unit_range(official_net, torch.from_numpy(parity['b/image']).double())
    sound = torch.from_numpy(parity['b/spec']).double().squeeze(1)
    close(official_net.embed_frames(frames), parity['b/img_embed'])
    close(official_net.embed_audio(sound), parity['b/aud_embed'])
    close(official_net(frames[:, None], sound)[:, 0], parity['b/cosine'])


def test_logmel_is_fed_with_frequency_as_height(official_net, parity):
    spec = torch.from_numpy(parity['b/spec']).double().squeeze(1)
    logmel_net = FNACLocalizer(audio_input='logmel')
    logmel_net.load_state_dict(official_net.state_dict())
    sound = logmel_net.double().eval().embed_audio(spec.transpose(1, 2))
    close(sound, parity['b/aud_embed'])


def test_map_of_a_clip_equals_frame_by_frame():
    localizer = tiny().eval()
    frames, audio = torch.rand(2, 3, 3, 64, 64), torch.randn(2, 32, 24)
    maps = localizer(frames, audio)
    assert maps.shape == (2, 3, 8, 8)
    for clip in range(2):
        sound = localizer.embed_audio(audio[clip : clip + 1])[0]
        for index in range(3):
            visual = localizer.embed_frames(frames[clip, index : index + 1])[0]
            close(maps[clip, index], (visual * sound[:, None, None]).sum(dim=0))


def test_embeds_the_sound_once_per_clip():
    localizer = tiny().eval()
    seen = []
    localizer.audnet.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape))
    localizer(torch.rand(2, 8, 3, 32, 32), torch.randn(2, 40, 24))
    assert seen == [(2, 1, 24, 40)]


def test_affinity_map_against_loops():
    torch.manual_seed(0)
    visual = F.normalize(torch.randn(1, 2, 4, 2, 3), dim=2)
    maps = torch.randn(1, 2, 2, 3)
    ours = smooth_by_affinity(maps, visual)
    for t in range(2):
        points = visual[0, t].flatten(1).T
        for i in range(6):
            weights = [math.exp(float(points[i] @ points[j]) / 0.03) for j in range(6)]
            expected = sum(w * float(maps[0, t].flatten()[j]) for j, w in enumerate(weights))
            assert float(ours[0, t].flatten()[i]) == pytest.approx(
                expected / sum(weights), abs=1e-5
            )


def test_affinity_option_changes_the_map_only():
    cosine, affinity = tiny().eval(), tiny(map='affinity').eval()
    frames, audio = torch.rand(1, 2, 3, 32, 32), torch.randn(1, 32, 24)
    close(
        affinity(frames, audio),
        smooth_by_affinity(cosine(frames, audio), cosine.embed_frames(frames[0]).unsqueeze(0)),
    )


def test_dropout_acts_on_frames_in_training_only():
    localizer = tiny(image_dropout=0.9)
    for norm in localizer.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.eval()
    frames = torch.rand(2, 3, 32, 32)
    assert not torch.equal(localizer.embed_frames(frames), localizer.embed_frames(frames))
    localizer.eval()
    assert torch.equal(localizer.embed_frames(frames), localizer.embed_frames(frames))


def test_the_methods_differ_in_what_they_drop():
    cfg = dict(num_stages=2, base_channels=8, out_dims=16)
    for kind, dropout in ((CosineLocalizer, 0.0), (EZVSLLocalizer, 0.0), (FNACLocalizer, 0.9)):
        localizer = LOCALIZERS.build(dict(type=kind.__name__, **cfg))
        assert type(localizer) is kind
        assert localizer.dropout.p == dropout
        assert (
            LOCALIZERS.build(dict(type=kind.__name__, image_dropout=0.5, **cfg)).dropout.p == 0.5
        )
        assert localizer.state_dict().keys() == tiny().state_dict().keys()
    with pytest.raises(ConfigError, match="Did you mean 'image_dropout'"):
        LOCALIZERS.build(dict(type='FNACLocalizer', img_dropout=0.5))


@pytest.mark.parametrize(
    'kwargs', [dict(audio_input='wav'), dict(map='dot'), dict(image_dropout=1.0)]
)
def test_wrong_arguments(kwargs):
    with pytest.raises(ValueError, match=f'Expected `{next(iter(kwargs))}`'):
        tiny(**kwargs)


def test_wrong_audio_shape():
    with pytest.raises(ValueError, match=r'`audio` to be \(B, T_a, F\).*\(2, 1, 8, 8\)'):
        tiny().embed_audio(torch.zeros(2, 1, 8, 8))
