import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from mmavssl.models.utils import pretrained
from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.pretrained import (
    check_pretrained,
    load_pretrained,
    read_state_dict,
)
from mmavssl.utils import ConfigError

WEIGHTS = {'norm.weight': torch.arange(3.0), 'norm.bias': torch.ones(3)}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(3)


def keep_all(source, model, report):
    return source


def pretrained_cfg(path, **kwargs):
    return dict(type='Pretrained', checkpoint=str(path), **kwargs)


def save(path, weights=WEIGHTS):
    torch.save(weights, path)
    return path


@pytest.mark.parametrize(
    ('name', 'wrap'),
    [
        ('net.pth', lambda w: w),
        ('net.pth', lambda w: {'state_dict': w, 'meta': {'epoch': 1}}),
        ('net.pyth', lambda w: {'epoch': 1, 'model_state': w, 'cfg': 'text'}),
        ('net.pt', lambda w: {'model': w}),
        ('net.pt', lambda w: {'module': w, 'epoch': 4}),  # DeepSpeed
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


@pytest.mark.parametrize(
    'content', [[1, 2], {}, {'epoch': 3}, {'state_dict': {'a': 1}}, {1: torch.zeros(1)}]
)
def test_what_holds_no_state_dict(tmp_path, content):
    torch.save(content, tmp_path / 'x.pth')
    with pytest.raises(ConfigError, match=r'x\.pth holds no state dict: expected tensors by name'):
        read_state_dict(str(tmp_path / 'x.pth'))


def test_a_file_that_cannot_be_used_is_named_with_its_key(tmp_path):
    with pytest.raises(
        ConfigError,
        match=r'^`init_cfg.checkpoint`: .*nowhere\.pth does not exist.*=None`',
    ):
        load_pretrained(Net(), pretrained_cfg(tmp_path / 'nowhere.pth'), keep_all)


def test_timm_scheme(monkeypatch):
    asked = []

    def create_model(name, pretrained):
        asked.append((name, pretrained))
        return Net()

    monkeypatch.setattr(timm, 'create_model', create_model)
    assert set(read_state_dict('timm://vit_x.orig')) == set(WEIGHTS)
    assert asked == [('vit_x.orig', True)]
    with pytest.raises(ConfigError, match='`sha256` is of a file, and timm://vit_x is none'):
        read_state_dict('timm://vit_x', 'deadbeef')


def test_timm_error_is_one_line(monkeypatch):
    def offline(name, pretrained):
        raise OSError('no route\nto the hub')

    monkeypatch.setattr(timm, 'create_model', offline)
    with pytest.raises(ConfigError, match=r'timm://vit_x.*OSError: no route\)') as info:
        read_state_dict('timm://vit_x')
    assert '\n' not in str(info.value)


def test_unknown_timm_name_needs_no_network():
    with pytest.raises(ConfigError, match='timm://no_such_network is what timm could not provide'):
        read_state_dict('timm://no_such_network')


def logged(monkeypatch):
    lines = []
    monkeypatch.setattr(pretrained, 'print_log', lambda text, logger: lines.append(text))
    return lines


def words(lines):
    """Rows of the only table that was logged."""
    [text] = lines
    _, header, *rows = [' '.join(line.split()) for line in text.splitlines()]
    assert header == 'what from to tensors'
    return rows


def test_loads_and_logs_the_table(tmp_path, monkeypatch):
    lines = logged(monkeypatch)
    file = save(tmp_path / 'net.pth', {**WEIGHTS, 'head.weight': torch.ones(1)})

    def adapt(source, model, report):
        report.layout = 'somebody'
        del source['head.weight']
        report.drop('head.weight', 'head.*')
        for name in source:
            report.take(name, (name,))
        return source

    model = Net()
    load_pretrained(model, pretrained_cfg(file), adapt)
    torch.testing.assert_close(dict(model.state_dict()), WEIGHTS)
    assert lines[0].startswith(f'Net: 2 tensors from {file} (somebody)\n')
    assert words(lines) == ['copied * * 2', 'dropped head.* 1']


@pytest.mark.parametrize('name', ['net.pth', 'net.safetensors'])
def test_check_needs_no_values(tmp_path, name):
    """It refuses what loading refuses, and changes nothing."""
    write = torch.save if name == 'net.pth' else save_file
    write(WEIGHTS, tmp_path / name)
    with torch.device('meta'):
        model = Net()
    check_pretrained(model, pretrained_cfg(tmp_path / name), keep_all)
    assert model.norm.weight.is_meta
    write({'norm.weight': torch.ones(4)}, tmp_path / name)
    for change in (check_pretrained, load_pretrained):
        with pytest.raises(ConfigError, match=rf'{name} .* does not fit Net: '):
            change(Net(), pretrained_cfg(tmp_path / name), keep_all)


def test_prefix_takes_a_part(tmp_path, monkeypatch):
    lines = logged(monkeypatch)
    whole = {f'student.backbone.{name}': tensor for name, tensor in WEIGHTS.items()}
    others = ('student.head.fc.weight', 'student.head.fc.bias', 'teacher.head.fc.bias', 'steps')
    file = save(tmp_path / 'net.pth', {**whole, **dict.fromkeys(others, torch.ones(1))})
    model = Net()
    load_pretrained(model, pretrained_cfg(file, prefix='student.backbone.'), keep_all)
    torch.testing.assert_close(dict(model.state_dict()), WEIGHTS)
    assert words(lines) == ['dropped student.head.* 2', 'dropped teacher.* 1', 'dropped steps 1']
    with pytest.raises(ConfigError, match=r"No tensor of .*`init_cfg.prefix`='localizer\.'"):
        load_pretrained(model, pretrained_cfg(file, prefix='localizer.'), keep_all)


def test_what_may_miss_keeps_its_initial_value(tmp_path, monkeypatch):
    lines = logged(monkeypatch)
    file = save(tmp_path / 'net.pth', {'norm.weight': torch.arange(3.0)})
    model = Net()
    nn.init.constant_(model.norm.bias, 5)

    def adapt(source, model, report):
        report.leave('norm.bias')
        return source

    load_pretrained(model, pretrained_cfg(file), adapt)
    assert model.norm.bias.tolist() == [5, 5, 5]
    assert model.norm.weight.tolist() == [0, 1, 2]
    assert lines[0].splitlines()[-1].split() == [
        *['left', 'at', 'its', 'initial', 'value', 'norm.bias', '1']
    ]


def test_misfits_are_named_and_nothing_is_loaded(tmp_path):
    file = save(
        tmp_path / 'net.pth', {'norm.weight': torch.ones(4), 'conv1.weight': torch.ones(1)}
    )
    model = Net()
    with pytest.raises(
        ConfigError,
        match=r'net\.pth \(`init_cfg.checkpoint`\) does not fit Net: unexpected: conv1.weight; '
        r'missing: norm.bias; of another shape: norm.weight \(4,\) instead of \(3,\)\. Take anoth',
    ):
        load_pretrained(model, pretrained_cfg(file), keep_all)
    assert model.norm.weight.tolist() == [1, 1, 1]


@pytest.mark.parametrize('allow', [['conv1.*', 'norm.*'], '*'])
def test_misfits_are_allowed_by_name(tmp_path, monkeypatch, allow):
    lines = logged(monkeypatch)
    file = save(
        tmp_path / 'net.pth', {'norm.weight': torch.ones(4), 'conv1.weight': torch.ones(1)}
    )
    model = Net()
    load_pretrained(model, pretrained_cfg(file, allow=allow), keep_all)
    assert model.norm.weight.tolist() == [1, 1, 1]
    assert words(lines) == [
        'left at its initial value norm.{weight,bias} 2',
        'dropped norm.weight 1',
        'dropped conv1.weight 1',
    ]


def test_reason_of_an_adapter_is_told_with_file_and_network(tmp_path):
    def adapt(source, model, report):
        raise MisfitError('it is something else')

    file = save(tmp_path / 'net.pth')
    with pytest.raises(
        ConfigError, match=r'net\.pth \(`init_cfg.checkpoint`\) does not fit Net: it is something'
    ):
        load_pretrained(Net(), pretrained_cfg(file), adapt)


def test_hash_of_the_config_is_checked(tmp_path):
    file = save(tmp_path / 'net.pth')
    with pytest.raises(ConfigError, match=r'`init_cfg.checkpoint`: .* not deadbeef as `sha256`'):
        load_pretrained(Net(), pretrained_cfg(file, sha256='deadbeef'), keep_all)


@pytest.mark.parametrize(
    'cfg',
    [
        dict(checkpoint='x.pth'),
        dict(type='Normal', checkpoint='x.pth'),
        dict(type='Pretrained'),
        dict(type='Pretrained', checkpoint=None),
        dict(type='Pretrained', chekpoint='x.pth'),
        dict(type='Pretrained', checkpoint='x.pth', sha256=12),
        dict(type='Pretrained', checkpoint='x.pth', allow=3),
        dict(type='Pretrained', checkpoint='x.pth', drop=3),
        [dict(type='Pretrained', checkpoint='x.pth')],
    ],
)
def test_malformed_init_cfg(cfg):
    with pytest.raises(ConfigError, match='Expected `init_cfg` to be None or dict'):
        load_pretrained(Net(), cfg, keep_all)


@pytest.mark.parametrize(
    'source', [3, dict(heads=2), dict(num_heads=0), dict(stride=1.5), dict(stride=True)]
)
def test_malformed_source(source):
    cfg = pretrained_cfg('x.pth', source=source)
    with pytest.raises(ConfigError, match='Expected `source` to have some of num_heads, stride, '):
        load_pretrained(Net(), cfg, keep_all)
