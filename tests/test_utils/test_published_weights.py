"""What tools/publish_model.py writes, read as a checkpoint."""

import json

import pytest
import torch
from mmengine.runner.checkpoint import load_checkpoint
from safetensors.torch import save_file
from torch import nn

from mmavssl.utils.checkpoints import check_checkpoint_fits, parameter_shapes, read_checkpoint
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.published_weights import published_network

FACTS = {'network': 'teacher', 'epoch': '3', 'seed': '7', 'classes': json.dumps(['bell', 'drum'])}


@pytest.fixture
def published(tmp_path):
    """Return what publishes a linear layer."""

    def save(name='net.safetensors', **facts):
        torch.manual_seed(0)
        path = str(tmp_path / name)
        save_file(nn.Linear(3, 2).state_dict(), path, metadata=facts)
        return path

    return save


def roles_in(path):
    return sorted({name.partition('.')[0] for name in parameter_shapes(path)})


def test_one_network_stands_for_the_other(published):
    path = published(**FACTS)
    content = read_checkpoint(path)
    assert content['meta'] == {
        **FACTS, 'epoch': 3, 'dataset_meta': {'classes': ['bell', 'drum']},
    }  # fmt: skip
    model = nn.ModuleDict({name: nn.Linear(3, 2) for name in ('student', 'teacher')})
    check_checkpoint_fits(model, path)
    load_checkpoint(model, path)  # as MMEngine's Runner does
    torch.manual_seed(0)
    expected = nn.Linear(3, 2).state_dict()
    for name in model:
        for key, value in model[name].state_dict().items():
            assert value.equal(expected[key]), (name, key)
    assert read_checkpoint(path, 'meta')['state_dict']['student.bias'].is_meta
    assert published_network(path) == 'teacher'


def test_roles_of_a_network(published):
    assert roles_in(published(**FACTS)) == ['student', 'teacher']
    assert roles_in(published(**FACTS, roles='student')) == ['student']
    for network in ('localizer', 'student.backbone'):
        path = published(network=network, epoch='1')
        assert set(parameter_shapes(path)) == {f'{network}.weight', f'{network}.bias'}
        assert published_network(path) is None


def test_checkpoint_is_not_published(tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'a.pth')
    assert published_network(str(tmp_path / 'a.pth')) is None
    with pytest.raises(ConfigError, match=r'gone\.pth does not exist'):
        published_network('gone.pth')


@pytest.mark.parametrize(
    ('name', 'facts'), [('net.safetensors', {}), ('net.safetensors', {'a': 'b'}), ('a.pth', FACTS)]
)
def test_other_safetensors(published, name, facts):
    path = published(name, **facts)
    for read in (read_checkpoint, published_network):
        with pytest.raises(ConfigError, match='is a file of safetensors, not of'):
            read(path)


@pytest.mark.parametrize(
    'facts', [{'network': 'teacher'}, {**FACTS, 'epoch': 'x'}, {**FACTS, 'classes': '[bell'}]
)
def test_other_metadata(published, facts):
    with pytest.raises(ConfigError, match=r'has other metadata than tools/publish_model\.py'):
        read_checkpoint(published(**facts))
