import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from mmavssl.models.localizers import FNACLocalizer, ObjectGuided
from mmavssl.models.maskers import ASLGuided
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.errors import ConfigError


class Given(nn.Module):
    audio_input = 'spectrogram'

    def __init__(self, maps):
        super().__init__()
        self.maps = maps

    def forward(self, frames, audio):
        return self.maps


def scaled(maps):
    low, high = maps.amin((2, 3), keepdim=True), maps.amax((2, 3), keepdim=True)
    return (maps - low) / (high - low)


@pytest.fixture
def network(tmp_path):
    torch.manual_seed(0)
    network = resnet18().eval()
    torch.save(network.state_dict(), tmp_path / 'resnet18.pth')
    return network, str(tmp_path / 'resnet18.pth')


def test_average_of_both_maps(network):
    network, path = network
    frames, maps = torch.rand(2, 3, 3, 64, 64), torch.randn(2, 3, 2, 2)
    localizer = ObjectGuided(Given(maps), alpha=0.4, object_weights=path)
    localizer.init_weights()
    localizer.eval()
    features = nn.Sequential(*list(network.children())[:-2])
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    for clip in range(2):
        for frame in range(3):
            image = (frames[clip, frame] - mean[:, None, None]) / std[:, None, None]
            objects = features(image[None]).abs().mean(dim=1, keepdim=True)
            expected = 0.4 * scaled(maps[clip, frame][None, None]) + 0.6 * scaled(objects)
            ours = localizer(frames, torch.zeros(2, 8, 8))[clip, frame]
            torch.testing.assert_close(ours, expected[0, 0], atol=1e-5, rtol=1e-5)


def test_finer_map_keeps_its_size(network):
    maps = torch.randn(1, 2, 7, 7)
    localizer = ObjectGuided(Given(maps), alpha=1.0, object_weights=network[1])
    localizer.init_weights()
    ours = localizer(torch.rand(1, 2, 3, 64, 64), torch.zeros(1, 8, 8))
    torch.testing.assert_close(ours, scaled(maps))


def test_in_a_masker_it_hears_what_the_localizer_hears():
    cfg = dict(
        type='ObjectGuided',
        localizer=dict(type='FNACLocalizer', audio_input='spectrogram', num_stages=2),
        object_weights=False,
    )
    localizer = LOCALIZERS.build(cfg)
    masker = ASLGuided(localizer)
    assert masker.audio_input == 'spectrogram'
    assert not any(parameter.requires_grad for parameter in localizer.parameters())


SIZE = dict(num_stages=2, base_channels=8, out_dims=16)


def guided(network, **kwargs):
    torch.manual_seed(1)
    return ObjectGuided(FNACLocalizer(**SIZE), object_weights=network[1], **kwargs)


def test_its_state_dict_is_that_of_the_localizer(network):
    localizer = guided(network)
    torch.manual_seed(1)
    plain = FNACLocalizer(**SIZE)
    state = localizer.state_dict()
    assert list(state) == list(plain.state_dict())
    torch.testing.assert_close(dict(state), dict(plain.state_dict()), rtol=0, atol=0)
    plain.load_state_dict(state)
    twice = ObjectGuided(localizer, object_weights=False)
    assert list(twice.state_dict()) == list(state)
    twice.load_state_dict(state)


@pytest.mark.parametrize('where', ['load_state_dict', 'own', 'inner'])
def test_takes_weights_of_the_localizer(network, tmp_path, where):
    torch.manual_seed(2)
    state = FNACLocalizer(**SIZE).state_dict()
    torch.save({'state_dict': {f'localizer.{n}': t for n, t in state.items()}}, tmp_path / 'a.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'))
    localizer = guided(network, init_cfg=init_cfg if where == 'own' else None)
    if where == 'load_state_dict':
        assert not localizer.load_state_dict(state).missing_keys
    else:
        localizer.localizer.init_cfg = init_cfg if where == 'inner' else None
        localizer.init_weights()
    torch.testing.assert_close(localizer.localizer.state_dict(), state, rtol=0, atol=0)
    localizer(torch.rand(1, 1, 3, 32, 32), torch.randn(1, 16, 8))
    assert localizer.training
    for name, tensor in localizer.objects.state_dict().items():
        assert torch.equal(tensor, network[0].state_dict()[name]), name


def test_weights_of_another_size_or_another_sound(network, tmp_path):
    torch.save({'state_dict': FNACLocalizer(num_stages=3).state_dict()}, tmp_path / 'a.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a.pth'))
    with pytest.raises(ConfigError, match=r'does not fit ObjectGuided.*layer3'):
        guided(network, init_cfg=init_cfg).init_weights()
    torch.save({'model': FNACLocalizer(**SIZE).state_dict()}, tmp_path / 'a.pth')
    with pytest.raises(ConfigError, match="but the localizer has 'logmel'"):
        guided(network, init_cfg=init_cfg).init_weights()


def test_counting_operations_needs_no_weights():
    localizer = ObjectGuided(Given(torch.empty(1, 1, 4, 4, device='meta'))).to('meta')
    maps = localizer(torch.empty(1, 1, 3, 32, 32, device='meta'), None)
    assert maps.shape == (1, 1, 4, 4)


def test_errors(tmp_path):
    with pytest.raises(ValueError, match='Expected `alpha` to be in'):
        ObjectGuided(Given(None), alpha=1.5)
    missing = ObjectGuided(Given(None), object_weights=str(tmp_path / 'none.pth'))
    with pytest.raises(ConfigError, match=r'none\.pth'):
        missing.init_weights()
    with pytest.raises(ConfigError, match=r'none\.pth'):
        missing.object_map(torch.rand(1, 1, 3, 32, 32))
    torch.save(resnet18().layer1.state_dict(), tmp_path / 'none.pth')
    with pytest.raises(ConfigError, match=r'`localizer\.object_weights`=.* are no ResNet-18'):
        missing.init_weights()
