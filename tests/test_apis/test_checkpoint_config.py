"""The config in a checkpoint is data, or it is refused."""

import pytest
import torch
from mmengine.config import Config

from mmavssl.apis.checkpoint_config import config_in_checkpoint
from mmavssl.utils.errors import ConfigError

DATA = """
optimizer = dict(paramwise_cfg=print('run'))
model = dict(
    type='SupervisedRecognizer',
    data_preprocessor=dict(mean=(0.5, 0.5, 0.5)),
    student=dict({'type': 'AVRecognizer', 'a.b': dict(x=-1.5)}),
    average=None)
test_dataloader = dict(batch_size=4)
input_size = dict(size=64)
default_scope = 'mmavssl'
"""


@pytest.fixture
def save(tmp_path):
    def write(text, place=('message_hub', 'runtime_info', 'cfg')):
        content = text
        for key in reversed(place):
            content = {key: content}
        torch.save({'state_dict': {}, **content}, tmp_path / 'a.pth')
        return str(tmp_path / 'a.pth')

    return write


@pytest.mark.parametrize('place', [('message_hub', 'runtime_info', 'cfg'), ('meta', 'cfg')])
def test_what_is_needed_is_read_and_nothing_is_run(save, place, capsys):
    """The optimizer, which is a call here, is not looked at."""
    cfg = config_in_checkpoint(save(DATA, place))
    assert cfg.to_dict() == {
        'model': {
            'type': 'SupervisedRecognizer',
            'data_preprocessor': {'mean': (0.5, 0.5, 0.5)},
            'student': {'type': 'AVRecognizer', 'a.b': {'x': -1.5}},
            'average': None,
        },
        'test_dataloader': {'batch_size': 4},
        'input_size': {'size': 64},
        'default_scope': 'mmavssl',
    }
    assert capsys.readouterr().out == ''


def test_as_mmengine_writes_it(save):
    whole = Config.fromfile('configs/asl_mix/avsprites_1shot.py')
    names = ('model', 'test_dataloader', 'prepare_commands', 'optim_wrapper')
    cfg = Config({name: whole[name] for name in names})  # all of it takes seconds to lay out
    cfg.model.student['a.b'] = 1
    found = config_in_checkpoint(save(cfg.pretty_text))
    assert found.to_dict() == {name: whole[name] for name in names[:3]}


@pytest.mark.parametrize(
    ('text', 'place'),
    [
        ("model = dict(type=print('run'))", 'its config:1'),
        ("\nmodel = __import__('os')", 'its config:2'),
        ("model = dict([('type', 'A')])", 'its config:1'),
        ("model = dict({'type': 'A'}, x=1)", 'its config:1'),
        ("model = dict(type='os.system')", 'model.type'),
        ("model = dict(student=dict(type='builtins.print'))", 'model.student.type'),
        ("custom_imports = dict(imports=['my_plugin'])", 'custom_imports'),
        ("default_scope = 'mmother'", 'default_scope'),
        ('model = dict(', 'its config:1'),
        (f'model = {"1+" * 20000}1', 'its config'),
        (f"model = '{'a' * 2**18}'", 'its config'),
    ],
)
def test_more_than_data_is_refused(save, text, place, capsys):
    path = save(text)
    with pytest.raises(ConfigError) as error:
        config_in_checkpoint(path)
    assert str(error.value) == (
        f'{path}: the config in it is not used, as {place} is more than data. Name the config '
        'file as well (`model`, --model; CONFIG of export).'
    )
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize('text', [None, 3, {'model': {}}])
def test_no_config(save, text):
    with pytest.raises(ConfigError, match=r'has no config in it, as tools/train\.py writes it'):
        config_in_checkpoint(save(text))
