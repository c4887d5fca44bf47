import pickle

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from mmavssl.models.utils import pretrained
from mmavssl.models.utils.pretrained import load_pretrained, read_state_dict, strip_names
from mmavssl.utils import ConfigError

WEIGHTS = {'norm.weight': torch.arange(3.0), 'norm.bias': torch.ones(3)}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(3)


def keep_all(source, model):
    return {}


def pretrained_cfg(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


@pytest.mark.parametrize(
    ('name', 'wrap'),
    [
        ('net.pth', lambda w: w),
        ('net.pth', lambda w: {'state_dict': w, 'meta': {'epoch': 1}}),
        ('net.pyth', lambda w: {'epoch': 1, 'model_state': w, 'cfg': 'text'}),
        ('net.pt', lambda w: {'model': w}),
        ('net.safetensors', None),
    ],
)
def test_reads_each_kind_of_file(tmp_path, name, wrap):
    if wrap is None:
        save_file(WEIGHTS, tmp_path / name)
    else:
        torch.save(wrap(WEIGHTS), tmp_path / name)
    read = read_state_dict(str(tmp_path / name))
    torch.testing.assert_close(read, WEIGHTS)


class Payload:
    def __reduce__(self):
        return print, ('code has run',)


def test_never_runs_code_of_a_file(tmp_path, capsys):
    with (tmp_path / 'evil.pth').open('wb') as file:
        pickle.dump({'norm.weight': Payload()}, file)
    torch.save({'norm.weight': Payload()}, tmp_path / 'evil2.pth')
    for name in ('evil.pth', 'evil2.pth'):
        with pytest.raises(ConfigError, match=rf'{name}, which cannot be read as plain tensors'):
            read_state_dict(str(tmp_path / name))
    assert 'code has run' not in capsys.readouterr().out


def test_missing_file_names_the_key_and_the_way_out(tmp_path):
    with pytest.raises(ConfigError, match=r'`init_cfg.checkpoint` names .*nowhere\.pth.*None'):
        read_state_dict(str(tmp_path / 'nowhere.pth'))


def test_damaged_files(tmp_path):
    for name in ('a.pth', 'a.safetensors'):
        (tmp_path / name).write_bytes(b'\x00\x01')
        with pytest.raises(ConfigError, match=f'{name}, which cannot be read'):
            read_state_dict(str(tmp_path / name))
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ConfigError, match=r'list\.pth, which holds no state dict'):
        read_state_dict(str(tmp_path / 'list.pth'))


def test_timm_scheme(monkeypatch):
    asked = []

    def create_model(name, pretrained):
        asked.append((name, pretrained))
        return Net()

    monkeypatch.setattr(timm, 'create_model', create_model)
    assert set(read_state_dict('timm://vit_x.orig')) == set(WEIGHTS)
    assert asked == [('vit_x.orig', True)]


def test_timm_error_is_one_line(monkeypatch):
    def offline(name, pretrained):
        raise OSError('no route\nto the hub')

    monkeypatch.setattr(timm, 'create_model', offline)
    with pytest.raises(ConfigError, match=r'timm://vit_x.*OSError: no route\)') as info:
        read_state_dict('timm://vit_x')
    assert '\n' not in str(info.value)


def test_unknown_timm_name_needs_no_network():
    with pytest.raises(ConfigError, match='timm://no_such_network, which timm could not provide'):
        read_state_dict('timm://no_such_network')


def test_strip_names():
    names = ['module.model.norm.weight', 'v.norm.bias', 'head.weight', 'modulation.weight']
    stripped = strip_names(dict.fromkeys(names))
    assert list(stripped) == ['norm.weight', 'norm.bias', 'head.weight', 'modulation.weight']
    part = {'student.backbone.norm.bias': 1, 'student.head.fc.bias': 2, 'teacher.x': 3}
    assert strip_names(part, 'student.backbone.') == {'norm.bias': 1}


def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(pretrained, 'print_log', lambda line, logger: lines.append(line))
    return lines


def test_loads_drops_heads_and_reports(tmp_path, monkeypatch):
    lines = logged(monkeypatch)
    file = tmp_path / 'net.pth'
    torch.save({**WEIGHTS, 'head.weight': torch.ones(1), 'mlp_head.1.bias': torch.ones(1)}, file)
    model = Net()
    load_pretrained(model, pretrained_cfg(file), keep_all)
    torch.testing.assert_close(dict(model.state_dict()), WEIGHTS)
    assert lines == [f'Net: 2 tensors set from {file}; dropped: 2 (head.weight, ...)']


def test_prefix_takes_a_part(tmp_path):
    file = tmp_path / 'net.pth'
    whole = {f'student.backbone.{name}': tensor for name, tensor in WEIGHTS.items()}
    torch.save({**whole, 'student.head.fc.weight': torch.ones(1)}, file)
    model = Net()
    load_pretrained(model, pretrained_cfg(file, prefix='student.backbone.'), keep_all)
    torch.testing.assert_close(dict(model.state_dict()), WEIGHTS)
    with pytest.raises(ConfigError, match=r"No tensor of .*`init_cfg.prefix`='teacher\.'"):
        load_pretrained(model, pretrained_cfg(file, prefix='teacher.'), keep_all)


def test_what_may_miss_keeps_its_initial_value(tmp_path, monkeypatch):
    lines = logged(monkeypatch)
    file = tmp_path / 'net.pth'
    torch.save({'norm.weight': torch.arange(3.0)}, file)
    model = Net()
    nn.init.constant_(model.norm.bias, 5)
    adapt = lambda *_: {pretrained.INITIAL: ['norm.bias']}  # noqa: E731
    load_pretrained(model, pretrained_cfg(file), adapt)
    assert model.norm.bias.tolist() == [5, 5, 5]
    assert model.norm.weight.tolist() == [0, 1, 2]
    assert 'left at the initial value: 1 (norm.bias, ...)' in lines[0]


def test_misfits_are_named_and_nothing_is_loaded(tmp_path):
    file = tmp_path / 'net.pth'
    torch.save({'norm.weight': torch.ones(4), 'conv1.weight': torch.ones(1)}, file)
    model = Net()
    with pytest.raises(
        ConfigError,
        match=r'does not fit Net: unexpected: conv1.weight; missing: norm.bias; of another shape: '
        r'norm.weight \(4,\) instead of \(3,\)',
    ):
        load_pretrained(model, pretrained_cfg(file), keep_all)
    assert model.norm.weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    'cfg',
    [
        dict(checkpoint='x.pth'),
        dict(type='Normal', checkpoint='x.pth'),
        dict(type='Pretrained'),
        dict(type='Pretrained', checkpoint=None),
        dict(type='Pretrained', chekpoint='x.pth'),
        [dict(type='Pretrained', checkpoint='x.pth')],
    ],
)
def test_malformed_init_cfg(cfg):
    with pytest.raises(ConfigError, match='Expected `init_cfg` to be None or dict'):
        load_pretrained(Net(), cfg, keep_all)
