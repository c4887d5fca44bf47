import pytest
import torch
from torchvision.models import resnet18

from mmavssl.models.localizers.av_resnet import ResNet18Trunk


def test_equals_torchvision():
    torch.manual_seed(0)
    reference = resnet18().eval()
    trunk = ResNet18Trunk(3).eval()
    weights = {k: v for k, v in reference.state_dict().items() if not k.startswith('fc.')}
    trunk.load_state_dict(weights)
    frames = torch.randn(1, 3, 64, 96)
    first = frames
    frames = frames.contiguous(memory_format=torch.channels_last)
    expected = reference.maxpool(reference.relu(reference.bn1(reference.conv1(frames))))
    for stage in (reference.layer1, reference.layer2, reference.layer3, reference.layer4):
        expected = stage(expected)
    with torch.no_grad():
        assert torch.equal(trunk(frames), expected)
        assert torch.equal(trunk(first), expected)  # its layout makes no difference
    # With gradients it stays as it is.
    torch.testing.assert_close(trunk(first), expected, rtol=1e-4, atol=1e-4)


def test_backward_pass_of_a_narrow_trunk():
    """Channels last, it crashes within oneDNN."""
    trunk = ResNet18Trunk(3, num_stages=2, base_channels=8)
    trunk(torch.rand(6, 3, 224, 224)).sum().backward()
    assert all(p.grad.isfinite().all() for p in trunk.parameters())


@pytest.mark.parametrize(('num_stages', 'channels', 'side'), [(2, 16, 8), (3, 32, 4), (4, 64, 2)])
def test_stages_and_width(num_stages, channels, side):
    trunk = ResNet18Trunk(1, num_stages, base_channels=8)
    assert trunk.out_channels == channels
    assert trunk(torch.zeros(1, 1, 64, 64)).shape == (1, channels, side, side)


@pytest.mark.parametrize('kwargs', [dict(num_stages=5), dict(num_stages=1), dict(base_channels=0)])
def test_wrong_arguments(kwargs):
    (name,) = kwargs
    with pytest.raises(ValueError, match=f'Expected `{name}`'):
        ResNet18Trunk(3, **kwargs)
