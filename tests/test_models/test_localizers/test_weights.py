import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import ResNet18_Weights, resnet18

from mmavssl.models.localizers import FNACLocalizer, weights
from mmavssl.models.localizers.av_resnet import ResNet18Trunk
from mmavssl.utils.errors import ConfigError

SIZE = dict(num_stages=2, base_channels=8, out_dims=16)


def made(seed=0, **kwargs):
    torch.manual_seed(seed)
    return FNACLocalizer(**{**SIZE, **kwargs})


def loaded(path, **kwargs):
    localizer = made(seed=1, init_cfg=dict(type='Pretrained', checkpoint=str(path)), **kwargs)
    localizer.init_weights()
    return localizer


def save_of_trainer(path, reference, **meta):
    state = {f'localizer.{name}': tensor for name, tensor in reference.state_dict().items()}
    torch.save({'state_dict': state, 'meta': {'epoch': 1, **meta}}, path)


def assert_same(ours, reference):
    torch.testing.assert_close(ours.state_dict(), reference.state_dict(), rtol=0, atol=0)


def with_names_of_numpy_1(path):
    """Rewrite a torch file as NumPy 1 would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b'numpy._core.multi', b'numpy.core.multi'))


@pytest.mark.parametrize('numpy_1', [False, True])
def test_official_layout(tmp_path, numpy_1):
    reference = made()
    path = tmp_path / 'best.pth'
    state = {f'module.{name}': tensor for name, tensor in reference.state_dict().items()}
    scores = dict(best_cIoU=np.float64(0.3), best_Auc=np.mean([0.2, 0.4]))
    torch.save(dict(model=state, optimizer={'state': {}}, epoch=3, **scores), path)
    if numpy_1:
        with_names_of_numpy_1(path)
    assert_same(loaded(path, audio_input='spectrogram'), reference)


@pytest.mark.parametrize('key', ['model', 'meta', 'safetensors'])
def test_weights_for_another_sound_are_refused(tmp_path, key):
    reference = made()
    path = tmp_path / ('best.safetensors' if key == 'safetensors' else 'best.pth')
    if key == 'model':
        torch.save({'model': reference.state_dict(), 'best_cIoU': np.float64(0.3)}, path)
    elif key == 'meta':
        save_of_trainer(path, reference, audio_input='spectrogram')
    else:
        save_file(reference.state_dict(), path, metadata={'audio_input': 'spectrogram'})
    assert_same(loaded(path, audio_input='spectrogram'), reference)
    with pytest.raises(ConfigError, match=r"best\.\w+ was trained with .*'spectrogram', but"):
        loaded(path)


def test_weights_that_say_the_same_or_nothing(tmp_path):
    reference = made()
    for heard in ({'audio_input': 'logmel'}, {}):
        save_of_trainer(tmp_path / 'epoch_1.pth', reference, **heard)
        assert_same(loaded(tmp_path / 'epoch_1.pth'), reference)


def test_checkpoint_of_the_trainer(tmp_path):
    reference = made()
    state = {f'localizer.{name}': tensor for name, tensor in reference.state_dict().items()}
    torch.save({'state_dict': {**state, 'other.weight': torch.zeros(2)}}, tmp_path / 'epoch_1.pth')
    assert_same(loaded(tmp_path / 'epoch_1.pth'), reference)


def test_safetensors(tmp_path):
    reference = made()
    save_file(reference.state_dict(), tmp_path / 'localizer.safetensors')
    assert_same(loaded(tmp_path / 'localizer.safetensors'), reference)


def test_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError) as info:
        loaded(tmp_path / 'absent.pth')
    message = str(info.value)
    assert '`localizer.init_cfg.checkpoint` names' in message
    assert 'absent.pth' in message
    assert 'python tools/train.py configs/localizers/fnac_avsprites.py' in message


def test_another_size_does_not_fit(tmp_path):
    torch.save(made().state_dict(), tmp_path / 'small.pth')
    with pytest.raises(ConfigError, match=r'small\.pth.*does not fit FNACLocalizer.*missing'):
        loaded(tmp_path / 'small.pth', num_stages=3)


def test_malformed_init_cfg():
    with pytest.raises(ConfigError, match='`init_cfg` to be None or'):
        made(init_cfg=dict(type='Pretrained')).init_weights()


def test_image_trunk_from_a_file(tmp_path):
    torch.manual_seed(2)
    reference = resnet18().state_dict()
    torch.save(reference, tmp_path / 'resnet18.pth')
    localizer = FNACLocalizer(
        num_stages=2, out_dims=16, pretrained_image=str(tmp_path / 'resnet18.pth')
    )
    sound = {k: v.clone() for k, v in localizer.audnet.state_dict().items()}
    localizer.init_weights()
    for name, tensor in localizer.imgnet.state_dict().items():
        assert torch.equal(tensor, reference[name]), name
    torch.testing.assert_close(localizer.audnet.state_dict(), sound, rtol=0, atol=0)


def test_image_trunk_of_another_width(tmp_path):
    torch.save(resnet18().state_dict(), tmp_path / 'resnet18.pth')
    with pytest.raises(ConfigError, match='no ResNet-18 of 8 base channels'):
        weights.load_image_trunk(ResNet18Trunk(3, 2, 8), str(tmp_path / 'resnet18.pth'))


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder of torch.hub's downloads, to which nothing is downloaded."""

    def offline(*args, **kwargs):
        raise OSError('name resolution failed')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', offline)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / 'hub/checkpoints'
    folder.mkdir(parents=True)
    return folder


def image_localizer():
    return FNACLocalizer(num_stages=2, out_dims=16, pretrained_image=True)


def downloaded(hub, monkeypatch, content):
    """Write a file as torchvision names its own, and take it for torchvision's."""
    torch.save(content, hub / 'new.pth')
    digest = hashlib.sha256((hub / 'new.pth').read_bytes()).hexdigest()
    file = (hub / 'new.pth').rename(hub / f'resnet18-{digest[:8]}.pth')
    monkeypatch.setattr(weights, 'IMAGE_URL', f'https://nowhere.invalid/models/{file.name}')
    monkeypatch.setattr(weights, 'IMAGE_SHA256', digest)
    return file


def test_no_connection(hub):
    with pytest.raises(ConfigError, match=r'`localizer\.pretrained_image=True` downloads'):
        image_localizer().init_weights()


def test_download(hub, monkeypatch):
    """The file comes to where torchvision keeps it, and is not asked for again."""
    torch.manual_seed(2)
    reference = resnet18().state_dict()
    file = downloaded(hub, monkeypatch, reference)
    content = file.read_bytes()
    file.unlink()
    hub.rmdir()
    asked = []

    def download(url, to, sha256, progress):
        asked.append((url, sha256))
        Path(to).write_bytes(content)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    for _ in range(2):
        localizer = image_localizer()
        localizer.init_weights()
        assert localizer.imgnet.conv1.weight.equal(reference['conv1.weight'])
    digest = hashlib.sha256(content).hexdigest()
    assert asked == [(f'https://nowhere.invalid/models/{file.name}', digest)]
    assert file.is_file()


def test_download_that_is_damaged(hub, monkeypatch):
    def download(*args, **kwargs):
        raise RuntimeError('invalid hash value (expected "f37072fd", got "0000")')

    monkeypatch.setattr(torch.hub, 'download_url_to_file', download)
    with pytest.raises(ConfigError, match=r'which failed \(invalid hash value'):
        image_localizer().init_weights()


def test_downloaded_file_cannot_run_code(hub, monkeypatch):
    file = downloaded(hub, monkeypatch, {'conv1.weight': RunsCode()})
    with pytest.raises(ConfigError) as info:
        image_localizer().init_weights()
    assert f'{file} is not loaded, since it holds a posix.mkdir' in str(info.value)
    assert '`localizer.pretrained_image=True`' in str(info.value)
    assert not Path('it_ran').exists()


def test_downloaded_file_is_checked_each_time(hub):
    """Whoever can write to the cache cannot put another file there."""
    url = ResNet18_Weights.IMAGENET1K_V1.url
    assert url == weights.IMAGE_URL
    assert weights.IMAGE_SHA256[:8] in url  # torchvision's own digits of it
    torch.save(resnet18().state_dict(), hub / Path(url).name)
    with pytest.raises(ConfigError, match=rf'has the sha256 .*, not {weights.IMAGE_SHA256} as'):
        image_localizer().init_weights()


def test_folder_in_the_place_of_the_file(tmp_path):
    with pytest.raises(ConfigError, match=r'is a folder\. Name the file that is meant\.'):
        loaded(tmp_path)
