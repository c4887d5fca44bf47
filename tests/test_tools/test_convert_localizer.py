"""Official checkpoints of localizers to ours and back, bit for bit, and what is refused."""

import importlib.util
import os
import re
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmavssl.models.localizers import EZVSLLocalizer, FNACLocalizer
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[2]
WIDTHS = (64, 128, 256, 512)


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


def batch_norm(name, width):
    names = ('weight', 'bias', 'running_mean', 'running_var')
    return {**{f'{name}.{key}': (width,) for key in names}, f'{name}.num_batches_tracked': ()}


def trunk(in_channels):
    """Names and shapes of a ResNet-18 without its classifier, as torchvision has them."""
    shapes = {'conv1.weight': (64, in_channels, 7, 7), **batch_norm('bn1', 64)}
    before = 64
    for stage, width in enumerate(WIDTHS, start=1):
        for block in (0, 1):
            name = f'layer{stage}.{block}'
            shapes[f'{name}.conv1.weight'] = (width, before, 3, 3)
            shapes |= batch_norm(f'{name}.bn1', width)
            shapes[f'{name}.conv2.weight'] = (width, width, 3, 3)
            shapes |= batch_norm(f'{name}.bn2', width)
            if before != width:
                shapes[f'{name}.downsample.0.weight'] = (width, before, 1, 1)
                shapes |= batch_norm(f'{name}.downsample.1', width)
            before = width
    return shapes


@pytest.fixture(scope='module')
def official():
    """The 244 tensors of a checkpoint of FNAC or EZ-VSL, by the names of their code."""
    shapes = {f'imgnet.{name}': shape for name, shape in trunk(3).items()}
    shapes |= {f'audnet.{name}': shape for name, shape in trunk(1).items()}
    shapes |= {'img_proj.weight': (512, 512, 1, 1), 'img_proj.bias': (512,)}
    shapes |= {'aud_proj.weight': (512, 512), 'aud_proj.bias': (512,)}
    assert len(shapes) == 244
    torch.manual_seed(0)
    state = {
        # Rows are alike, which keeps the files small.
        name: torch.rand(shape[-1:]).expand(shape) if shape else torch.tensor(7)
        for name, shape in shapes.items()
    }
    assert sum(state[n].numel() for n in state if not is_buffer(n)) == 22_872_064
    return state


def is_buffer(name):
    return 'running' in name or 'tracked' in name


@pytest.fixture(scope='module')
def tool():
    path = ROOT / 'tools/convert/localizer.py'
    spec = importlib.util.spec_from_file_location('convert_localizer', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def convert(tool, tmp_path, monkeypatch):
    """Run the tool in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')
    return lambda *args: tool.main(list(args))


def save_official(path, state, prefix='', **options):
    torch.save(
        {
            'model': {f'{prefix}{name}': tensor for name, tensor in state.items()},
            'optimizer': {'state': {0: {'exp_avg': torch.ones(3)}}, 'param_groups': []},
            'epoch': 17,
            'best_cIoU': np.float64(0.8125),
            'best_Auc': np.mean([0.5, 0.75]),
        },
        path,
        **options,
    )


def assert_same(ours, reference):
    assert list(ours) == list(reference)
    for name, tensor in ours.items():
        assert tensor.dtype == reference[name].dtype, name
        assert torch.equal(tensor, reference[name]), name


def error(convert, capsys, *args):
    """Return the one line that the failing tool writes."""
    capsys.readouterr()
    assert convert(*args) == 2
    captured = capsys.readouterr()
    assert captured.out == ''
    [line] = captured.err.splitlines()
    assert line.startswith('convert_localizer: ')
    return line.removeprefix('convert_localizer: ')


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_to_ours_and_back(convert, official, prefix):
    save_official('best.pth', official, prefix)
    assert convert('best.pth', 'new/ours.pth') == 0
    assert convert('new/ours.pth', 'back.pth', '--to-official') == 0
    ours = torch.load('new/ours.pth', weights_only=True)
    assert list(ours) == ['state_dict', 'meta']
    assert ours['meta'] == {'audio_input': 'spectrogram'}
    assert_same(ours['state_dict'], {f'localizer.{n}': t for n, t in official.items()})
    back = torch.load('back.pth', weights_only=True)
    assert list(back) == ['model']
    assert_same(back['model'], official)


def test_files_of_old_torch(convert, official):
    save_official('best.pth', official, _use_new_zipfile_serialization=False)
    assert convert('best.pth', 'ours.pth') == 0
    ours = torch.load('ours.pth', weights_only=True)
    assert_same(ours['state_dict'], {f'localizer.{n}': t for n, t in official.items()})


@pytest.mark.parametrize('localizer_class', [FNACLocalizer, EZVSLLocalizer])
def test_localizers_take_it_as_init_cfg(convert, official, localizer_class):
    save_official('best.pth', official)
    assert convert('best.pth', 'ours.pth') == 0
    init_cfg = dict(type='Pretrained', checkpoint='ours.pth')
    localizer = localizer_class(audio_input='spectrogram', init_cfg=init_cfg)
    localizer.init_weights()
    assert_same(localizer.state_dict(), official)


@pytest.mark.parametrize('file', ['best.pth', 'ours.pth'])
def test_localizers_of_logmels_refuse_it(convert, official, file):
    save_official('best.pth', official)
    assert convert('best.pth', 'ours.pth') == 0
    localizer = FNACLocalizer(init_cfg=dict(type='Pretrained', checkpoint=file))
    with pytest.raises(ConfigError, match=f"{file} was trained with `audio_input`='spectrogram'"):
        localizer.init_weights()


def test_localizer_of_logmels_has_no_official_counterpart(convert, capsys):
    save = {'state_dict': FNACLocalizer().state_dict(), 'meta': {'audio_input': 'logmel'}}
    torch.save(save, 'ours.pth')
    line = error(convert, capsys, 'ours.pth', 'best.pth', '--to-official')
    assert line.startswith("ours.pth was trained with `audio_input`='logmel', but the official")
    assert not Path('best.pth').exists()


def test_table(convert, official, capsys):
    save_official('best.pth', official, 'module.')
    assert convert('best.pth', 'ours.pth') == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ['copied', 'imgnet', '120', 'tensors'],
        ['copied', 'audnet', '120', 'tensors'],
        ['copied', 'img_proj', '2', 'tensors'],
        ['copied', 'aud_proj', '2', 'tensors'],
        ['dropped', 'optimizer'],
        ['dropped', 'epoch', '=', '17'],
        ['dropped', 'best_cIoU', '=', '0.8125'],
        ['dropped', 'best_Auc', '=', '0.625'],
        ['ours.pth:', '244', 'tensors'],
    ]


CONFIG = """
_base_ = '{root}/configs/localizers/fnac_avsprites.py'
model = dict(
    localizer=dict(num_stages=4, base_channels=64, out_dims=512, audio_input='spectrogram')
)
pipeline = [
    dict(type='OpenAVFile'),
    dict(type='SampleClip', clip_len=4, frame_interval=8, mode='uniform'),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='CenterCrop', scale=72, size=64),
    dict(type='LogSpectrogram'),
    dict(type='PackAVInputs'),
]
test_dataloader = dict(num_workers=0, dataset=dict(pipeline=pipeline))
"""


def test_the_test_tool_takes_it(convert, official, tools, avsprites_root):
    """The whole way: tools/test.py scores the maps of the converted network."""
    save_official('best.pth', official)
    assert convert('best.pth', 'ours.pth') == 0
    Path('data').mkdir()
    Path('data/avsprites').symlink_to(avsprites_root)
    Path('config.py').write_text(CONFIG.format(root=ROOT))
    assert tools('test', 'config.py', 'ours.pth') == 0
    assert re.search(r'ciou: \d+\.\d\d', tools.capsys.readouterr().out, re.IGNORECASE)
    logmel = Path('config.py').read_text().replace("audio_input='spectrogram'", '')
    Path('logmel.py').write_text(logmel.replace("'LogSpectrogram'", "'LogMel'"))
    assert tools.last_line('test', 'logmel.py', 'ours.pth') == (
        "The checkpoint was trained with `audio_input`='spectrogram', but the localizer has "
        "'logmel': what it hears would mean nothing to it. Set its `audio_input='spectrogram'` "
        'and add `LogSpectrogram()` to the pipeline.'
    )


def test_training_checkpoint_to_official(convert, official, capsys):
    """What a run of `LocalizerTrainer` leaves has its log and optimizer in it as well."""
    cfg = Config.fromfile(ROOT / 'configs/localizers/fnac_vggsound.py')
    cfg.model.localizer.pretrained_image = False
    trainer = MODELS.build(cfg.model)
    state = trainer.state_dict()
    rest = {'optimizer': {'state': {}}, 'message_hub': {}, 'meta': {'epoch': 30}}
    torch.save({**rest, 'state_dict': {**state, 'other.bias': torch.zeros(2)}}, 'epoch_30.pth')
    assert convert('epoch_30.pth', 'best.pth', '--to-official') == 0
    written = torch.load('best.pth', weights_only=True)['model']
    assert_same(written, trainer.localizer.state_dict())
    assert set(written) == set(official)
    words = pairwise(capsys.readouterr().out.split())
    dropped = [name for what, name in words if what == 'dropped']
    assert dropped == ['optimizer', 'message_hub', 'meta', 'other.bias']


def test_localizer_alone_to_official(convert, official):
    torch.save({'state_dict': official}, 'localizer.pth')
    assert convert('localizer.pth', 'best.pth', '--to-official') == 0
    assert_same(torch.load('best.pth', weights_only=True)['model'], official)


def broken(state, change):
    state = dict(state)
    change(state)
    return state


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda s: s.pop('aud_proj.bias'), r'missing: aud_proj\.bias\.$'),
        (lambda s: s.update({'fc.bias': torch.ones(2)}), r'unexpected: fc\.bias\.$'),
        (
            lambda s: s.update({'aud_proj.bias': torch.ones(128)}),
            r'of another shape: aud_proj\.bias \(128,\) instead of \(512,\)\.$',
        ),
        (  # one name of many without the prefix is not the official layout
            lambda s: s.update({f'module.{n}': s.pop(n) for n in list(s)[1:]}),
            r'unexpected: module\.aud_proj.* and 238 more; missing: aud_proj\.bias,',
        ),
    ],
)
def test_other_tensors(convert, official, capsys, change, message):
    save_official('best.pth', broken(official, change))
    line = error(convert, capsys, 'best.pth', 'ours.pth')
    assert line.startswith('best.pth does not fit the network of FNAC and EZ-VSL, ')
    assert re.search(message, line), line
    assert not Path('ours.pth').exists()


def test_small_localizer_has_no_official_counterpart(convert, capsys):
    small = FNACLocalizer(num_stages=2, base_channels=8, out_dims=16)
    torch.save({'state_dict': small.state_dict()}, 'small.pth')
    line = error(convert, capsys, 'small.pth', 'best.pth', '--to-official')
    assert line.startswith('small.pth does not fit the network of FNAC and EZ-VSL')
    assert 'missing: audnet.layer3.0.bn1.bias' in line
    assert 'aud_proj.bias (16,) instead of (512,)' in line


def test_wrong_direction_is_named(convert, official, capsys):
    save_official('best.pth', official)
    line = error(convert, capsys, 'best.pth', 'x.pth', '--to-official')
    assert line == (
        'best.pth: expected a checkpoint of `LocalizerTrainer`, with tensors by name under '
        "'state_dict', but it has model, optimizer, epoch, best_cIoU, best_Auc. Is the other "
        'direction meant?'
    )
    torch.save({'state_dict': official}, 'ours.pth')
    line = error(convert, capsys, 'ours.pth', 'x.pth')
    assert "tensors by name under 'model', but it has state_dict. Is the other" in line


def test_layouts_of_others(convert, capsys):
    torch.save({'model': {'weight': 1.0}}, 'a.pth')
    assert "under 'model', but it has model." in error(convert, capsys, 'a.pth', 'x.pth')
    torch.save({}, 'b.pth')
    assert 'but it has nothing.' in error(convert, capsys, 'b.pth', 'x.pth')
    torch.save([torch.ones(1)], 'c.pth')
    assert error(convert, capsys, 'c.pth', 'x.pth').startswith('c.pth holds no checkpoint: ')


def test_code_is_refused(convert, official, capsys):
    torch.save({'model': official, 'epoch': RunsCode()}, 'evil.pth')
    line = error(convert, capsys, 'evil.pth', 'x.pth')
    assert line.startswith('evil.pth is not loaded, since it holds a posix.mkdir, which')
    assert not Path('it_ran').exists()


def test_truncated_file_and_other_archive(convert, official, capsys):
    save_official('best.pth', official)
    content = Path('best.pth').read_bytes()
    Path('half.pth').write_bytes(content[: len(content) // 2])
    with zipfile.ZipFile('other.pth', 'w') as archive:
        archive.writestr('readme.txt', 'no tensors')
    for file in ('half.pth', 'other.pth'):
        line = error(convert, capsys, file, 'x.pth')
        assert line.startswith(f'{file} is no file of weights, or was not written to its end')


def test_missing_file_and_out_that_would_lose_something(convert, official, capsys):
    line = error(convert, capsys, 'nowhere.pth', 'x.pth')
    assert line.startswith('nowhere.pth does not exist.')
    save_official('best.pth', official)
    before = Path('best.pth').read_bytes()
    for out in ('./best.pth', '.'):
        assert 'Name another file.' in error(convert, capsys, 'best.pth', out)
    assert Path('best.pth').read_bytes() == before
