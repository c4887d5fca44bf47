"""Exported programs against the algorithm that the checkpoint belongs to."""

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import onnxruntime
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmavssl.datasets
import mmavssl.models
import mmavssl.version
from mmavssl.apis.export import export_recognizer
from mmavssl.apis.export_formats import (
    METADATA_FILE,
    ONNXFormat,
    TorchFormat,
)
from mmavssl.registry import MODELS
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[2]
SIZE = dict(num_frames=2, size=32, audio_frames=48, num_mel_bins=32)
CLASSES = 5
# All attention types and all ways of fusion; joint attention gets clips of another size than it is
# built for.
NETWORKS = [
    ('divided', 'concat'),
    pytest.param(('joint', 'token'), marks=pytest.mark.slow),
    pytest.param(('space_only', None), marks=pytest.mark.slow),
]


def make_config(attention='divided', fusion='concat') -> Config:
    built_for = (16, 4) if attention == 'joint' else (32, 2)
    student = dict(
        type='AVRecognizer',
        backbone=dict(
            type='TimeSformer', attention_type=attention, patch_size=8, img_size=built_for[0],
            num_frames=built_for[1], embed_dims=32, depth=1, num_heads=2,
            init_cfg=dict(type='Pretrained', checkpoint='no/such/file.pth'),
        ),
        head=dict(type='ClsHead', in_channels=64 if fusion else 32, num_classes=CLASSES),
    )  # fmt: skip
    if fusion:
        student['audio_backbone'] = dict(
            type='ASTEncoder', embed_dims=32, depth=1, num_heads=2, num_mel_bins=32, num_frames=48
        )
        student['fusion'] = dict(
            type='TransformerFusion', video_dims=32, audio_dims=32, mode=fusion, num_layers=1,
            num_heads=4, feedforward_channels=48,
        )  # fmt: skip
    model = dict(
        type='SemiSupervisedRecognizer',
        data_preprocessor=dict(mean=[0.4, 0.5, 0.6], std=[0.2, 0.3, 0.4]),
        student=student,
        threshold=dict(type='FixedThreshold'),
    )
    cfg = Config(dict(model=model, input_size=SIZE))
    return named(cfg)


def named(cfg: Config) -> Config:
    """Give a config the name of a file."""
    object.__setattr__(cfg, '_filename', '/somewhere/configs/method/name.py')
    return cfg


def build(cfg: Config, seed: int = 0) -> torch.nn.Module:
    """Return the algorithm with weights that make scores depend on all of the input."""
    init_default_scope('mmavssl')
    torch.manual_seed(seed)
    algorithm = MODELS.build(cfg.model)
    for parameter in algorithm.parameters():
        torch.nn.init.normal_(parameter, std=0.25)
    return algorithm.eval()


@pytest.fixture(scope='module', params=NETWORKS, ids=str)
def trained(request, tmp_path_factory):
    """A config, its algorithm, and the checkpoint of it."""
    cfg = make_config(*request.param)
    algorithm = build(cfg)
    path = tmp_path_factory.mktemp('trained') / 'epoch_3.pth'
    torch.save({'state_dict': algorithm.state_dict(), 'meta': {'epoch': 3}}, path)
    return cfg, algorithm, path


class Pixels(torch.nn.Linear):
    """A backbone of few operations, which take no time to be traced."""

    def __init__(self):
        super().__init__(3 * 2 * 4 * 4, 32)

    def forward(self, video):
        return super().forward(video[..., ::8, ::8].flatten(1)).tanh()


@pytest.fixture(scope='module')
def video_only(tmp_path_factory):
    """A config with a small network, and the checkpoint of it."""
    cfg = make_config('space_only', None)
    cfg.model.student.backbone = dict(type=Pixels)
    path = tmp_path_factory.mktemp('video_only') / 'epoch_3.pth'
    torch.save({'state_dict': build(cfg).state_dict()}, path)
    return cfg, path


def make_clips(cfg: Config, count: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(count)
    noise = torch.randint(0, 128, (count, 3, 2, 32, 32), dtype=torch.uint8)
    clips = {'video': noise + torch.randint(0, 128, (count, 3, 1, 1, 1), dtype=torch.uint8)}
    if 'audio_backbone' in cfg.model.student:
        clips['audio'] = torch.randn(count, 48, 32) + 2 * torch.randn(count, 1, 32)
    return clips


def expected_scores(algorithm, role, clips) -> torch.Tensor:
    """Return what testing computes; a test video has one view here."""
    algorithm.test_with = role
    views = {name: value[:, None] for name, value in clips.items()}
    data = algorithm.data_preprocessor({'inputs': views})
    with torch.no_grad():
        logits = algorithm({k: v[:, 0] for k, v in data['inputs'].items()}, mode='tensor')
    return logits.softmax(-1)


def open_onnx(path):
    session = onnxruntime.InferenceSession(path)

    def run(clips) -> torch.Tensor:
        assert [value.name for value in session.get_inputs()] == list(clips)
        [scores] = session.run(['scores'], {name: value.numpy() for name, value in clips.items()})
        return torch.from_numpy(scores)

    return run


def open_torch(path):
    module = torch.export.load(path).module()
    return lambda clips: module(**clips)


OPEN = {'onnx': open_onnx, 'pt2': open_torch}


def assert_depends_on_all_inputs(run, clips) -> None:
    before = run(clips)
    for name in clips:
        changed = {**clips, name: clips[name].flip(0)}
        assert (run(changed) - before).abs().max() > 1e-3, name


@pytest.mark.parametrize(('suffix', 'role'), [('onnx', 'student'), ('pt2', 'teacher')])
def test_any_batch_size(trained, tmp_path, suffix, role):
    cfg, algorithm, checkpoint = trained
    out = tmp_path / f'new/model.{suffix}'
    exported = export_recognizer(cfg, checkpoint, out, use=role, batch_size=None)
    assert exported.files == [out]
    assert list(out.parent.iterdir()) == [out]
    assert 0 <= exported.difference < 1e-6
    run = OPEN[suffix](out)
    for count in (1, 2, 7):
        clips = make_clips(cfg, count)
        scores = expected_scores(algorithm, role, clips)
        torch.testing.assert_close(run(clips), scores, rtol=0, atol=1e-6)
    assert_depends_on_all_inputs(run, clips)
    other = expected_scores(algorithm, {'student': 'teacher', 'teacher': 'student'}[role], clips)
    assert (other - scores).abs().max() > 1e-2


@pytest.mark.parametrize('suffix', ['onnx', 'pt2'])
def test_one_batch_size(video_only, tmp_path, suffix):
    cfg, checkpoint = video_only
    out = tmp_path / f'model.{suffix}'
    assert export_recognizer(cfg, checkpoint, out, batch_size=3).difference < 1e-6
    algorithm = build(cfg)
    clips = make_clips(cfg, 3)
    run = OPEN[suffix](out)
    scores = expected_scores(algorithm, 'student', clips)
    torch.testing.assert_close(run(clips), scores, rtol=0, atol=1e-6)
    with pytest.raises(Exception, match=r'[Ee]xpected.*3|equal to 3|== 3'):
        run(make_clips(cfg, 2))


def test_files_say_what_they_are(video_only, tmp_path):
    cfg, checkpoint = video_only
    (tmp_path / 'classes.txt').write_text('\n'.join('abcde'))
    steps = [dict(type='OpenAVFile', backend_args=dict(key='secret')), dict(type='LogMel')]
    cfg = Config({
        **cfg.to_dict(),
        'test_dataloader': dict(dataset=dict(data_root=str(tmp_path), pipeline=steps)),
    })  # fmt: skip
    named(cfg)
    cfg.model.average, cfg.model.test_with = 'logit', 'teacher'
    onnx, pt2 = tmp_path / 'a.onnx', tmp_path / 'a.pt2'
    facts = export_recognizer(cfg, checkpoint, onnx, batch_size=None, opset=20).metadata
    assert facts == {
        'mmavssl_version': mmavssl.version.__version__,
        'torch_version': torch.__version__,
        'config': 'method/name.py',
        'checkpoint': 'epoch_3.pth',
        'epoch': None,
        'network': 'teacher',
        'inputs': {'video': {'dtype': 'uint8', 'shape': ['batch', 3, 2, 32, 32]}},
        'outputs': {'scores': {'dtype': 'float32', 'shape': ['batch', CLASSES]}},
        'test_pipeline': [{'type': 'OpenAVFile'}, {'type': 'LogMel'}],
        'average': 'logit',
        'classes': list('abcde'),
    }
    session = onnxruntime.InferenceSession(onnx)
    stored = session.get_modelmeta().custom_metadata_map
    assert {key: value for key, value in stored.items() if isinstance(facts[key], str)} == {
        key: value for key, value in facts.items() if isinstance(value, str)
    }
    for key, value in facts.items():
        assert isinstance(value, str) or json.loads(stored[key]) == value
    shapes = [session.get_inputs()[0].shape, session.get_outputs()[0].shape]
    assert shapes == [['batch', 3, 2, 32, 32], ['batch', CLASSES]]

    facts = export_recognizer(cfg, checkpoint, pt2, batch_size=4).metadata
    assert facts['inputs']['video']['shape'] == [4, 3, 2, 32, 32]
    extra = {METADATA_FILE: ''}
    torch.export.load(pt2, extra_files=extra)
    assert json.loads(extra[METADATA_FILE]) == facts


def test_weights_too_large_for_one_file(video_only, tmp_path, monkeypatch):
    limit = 'torch.onnx._internal.exporter._onnx_program._LARGE_MODEL_THRESHOLD'
    monkeypatch.setattr(limit, 0)
    out = tmp_path / 'model.onnx'
    exported = export_recognizer(*video_only, out, batch_size=2)
    assert exported.files == [out, tmp_path / 'model.onnx.data']
    assert sorted(tmp_path.iterdir()) == exported.files
    clips = make_clips(video_only[0], 2)
    scores = expected_scores(build(video_only[0]), 'student', clips)
    torch.testing.assert_close(open_onnx(out)(clips), scores, rtol=0, atol=1e-6)


def error(*args, **kwargs) -> str:
    with pytest.raises(ConfigError) as info:
        export_recognizer(*args, **kwargs)
    assert '\n' not in str(info.value)
    return str(info.value)


@pytest.mark.parametrize('name', ['model.pth', 'model', 'model.ONNX'])
def test_unknown_suffix(video_only, tmp_path, name):
    message = error(*video_only, tmp_path / name)
    assert message == (f'{tmp_path / name}: expected a file name that ends with .onnx or .pt2.')


def test_settings_of_onnx(video_only, tmp_path):
    message = error(*video_only, tmp_path / 'a.pt2', opset=18)
    assert message == '`opset` 18 is for .onnx alone. Leave it out for .pt2.'
    message = error(*video_only, tmp_path / 'a.onnx', opset=17)
    assert message == 'Expected `opset` to be 18 or more, but got 17.'


def test_opset_that_the_packages_do_not_write(video_only, tmp_path, caplog):
    message = error(*video_only, tmp_path / 'a.onnx', opset=99)
    assert message.startswith(f'torch {version("torch")}, onnx ')
    assert 'cannot write the network with opset 99: ' in message
    assert not caplog.records
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('package', ['onnx', 'onnxscript'])
def test_missing_packages(video_only, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    message = error(*video_only, tmp_path / 'a.onnx', check=False)
    assert message.startswith(f'Writing .onnx needs onnx and onnxscript (import of {package} ')
    assert message.endswith('To install: pip install onnx onnxscript')
    export_recognizer(*video_only, tmp_path / 'a.pt2')


def test_missing_onnxruntime(video_only, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxruntime', None)
    message = error(*video_only, tmp_path / 'a.onnx')
    assert message.startswith('Checking .onnx needs onnxruntime (import of onnxruntime ')
    assert message.endswith('pip install onnxruntime (or do not check: --no-check)')
    assert export_recognizer(*video_only, tmp_path / 'a.onnx', check=False).difference is None
    assert (tmp_path / 'a.onnx').is_file()


def test_config_without_recognizer(video_only, tmp_path):
    cfg = Config(dict(model=dict(type='LocalizerTrainer', localizer=dict(type='FNACLocalizer'))))
    message = error(cfg, video_only[1], tmp_path / 'a.pt2')
    assert message.endswith('has no `model.student`: there is nothing to export.')


def change_checkpoint(checkpoint, folder, change) -> str:
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    path = folder / 'changed.pth'
    torch.save({'state_dict': change(state)}, path)
    return str(path)


def test_network_that_the_checkpoint_lacks(video_only, tmp_path):
    cfg, checkpoint = video_only
    out = tmp_path / 'a.pt2'

    def student_alone(state):
        return {name: value for name, value in state.items() if name.startswith('student.')}

    changed = change_checkpoint(checkpoint, tmp_path, student_alone)
    message = error(cfg, changed, out, use='teacher')
    assert message == f'{changed} has no network `teacher`. Use the student.'
    assert export_recognizer(cfg, changed, out).metadata['network'] == 'student'

    changed = change_checkpoint(
        checkpoint, tmp_path, lambda _: {'localizer.weight': torch.zeros(1)}
    )
    message = error(cfg, changed, out)
    assert message == f'{changed} has no network `student`. It has localizer.'


CHANGES = {
    'missing: head.fc.bias': lambda state: {
        name: value for name, value in state.items() if name != 'student.head.fc.bias'
    },
    'unexpected: head.more': lambda state: {
        **state, 'student.head.more': torch.zeros(1)
    },
    'of another shape: head.fc.bias (9,) instead of (5,)': lambda state: {
        **state, 'student.head.fc.bias': torch.zeros(9)
    },
}  # fmt: skip


@pytest.mark.parametrize('fault', CHANGES)
def test_other_checkpoint(video_only, tmp_path, fault):
    cfg, checkpoint = video_only
    changed = change_checkpoint(checkpoint, tmp_path, CHANGES[fault])
    message = error(cfg, changed, tmp_path / 'a.pt2')
    assert message == f'The student in {changed} does not fit the config: {fault}.'
    assert not (tmp_path / 'a.pt2').exists()
    export_recognizer(cfg, changed, tmp_path / 'a.pt2', use='teacher')


def test_input_size(trained, tmp_path):
    cfg, _, checkpoint = trained
    hears = 'audio_backbone' in cfg.model.student
    last = 'num_mel_bins' if hears else 'size'
    size = {key: value for key, value in SIZE.items() if key != last}
    small = Config({**cfg.to_dict(), 'input_size': size})
    message = error(small, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('Expected `input_size` in the config to say num_frames, size')
    assert message.endswith(f'but {last} is missing.')

    odd = Config({**cfg.to_dict(), 'input_size': {**SIZE, last: 30}})
    message = error(odd, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('The network does not take clips of the `input_size` in the config')
    assert '30' in message


def test_class_names_must_fit(video_only, tmp_path):
    cfg, checkpoint = video_only
    classes = tmp_path / 'classes.txt'
    classes.write_text('a\nb\n')
    dataset = dict(data_root=str(tmp_path), pipeline=[dict(type='OpenAVFile')])
    cfg = Config({**cfg.to_dict(), 'test_dataloader': dict(dataset=dataset)})
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith(f'{classes} (`classes_file` of the test data) names 2 classes')
    assert message.endswith('but the network has 5.')


@pytest.mark.parametrize('wrong', [1.1e-4, float('nan')])
def test_difference_is_an_error(video_only, tmp_path, monkeypatch, wrong):
    load = TorchFormat.load

    def load_wrong(path):
        run = load(path)
        return lambda clips: run(clips) * math.exp(wrong)

    out = tmp_path / 'a.pt2'
    out.write_text('what was there')
    with monkeypatch.context() as patch:
        patch.setattr(TorchFormat, 'load', staticmethod(load_wrong))
        message = error(*video_only, out)
    assert message.startswith('The log-probabilities of the program differ from those of the')
    assert message.endswith(f'{wrong:.1e}, more than 1e-04: it was not written.')
    assert out.read_text() == 'what was there'
    assert list(tmp_path.iterdir()) == [out]
    assert export_recognizer(*video_only, out).difference < 1e-6


def test_small_probabilities_are_compared_as_well(video_only, tmp_path, monkeypatch):
    """A program that lost the order of unlikely classes has the same scores to 1e-4."""
    cfg, _ = video_only
    algorithm = build(cfg)
    with torch.no_grad():
        algorithm.student.head.fc.bias += torch.tensor([40.0, 0, 0, 0, 0])
    checkpoint = tmp_path / 'sure.pth'
    torch.save({'state_dict': algorithm.state_dict(), 'meta': None}, checkpoint)
    export_recognizer(cfg, checkpoint, tmp_path / 'a.pt2')
    load = TorchFormat.load
    monkeypatch.setattr(
        TorchFormat, 'load',
        staticmethod(lambda path: lambda clips: load(path)(clips)[:, [0, 2, 1, 3, 4]]),
    )  # fmt: skip
    message = error(cfg, checkpoint, tmp_path / 'b.pt2')
    assert message.startswith('The log-probabilities of the program differ')


def test_network_that_gives_all_clips_the_same(video_only, tmp_path):
    cfg, _ = video_only
    algorithm = build(cfg)
    with torch.no_grad():
        algorithm.student.head.fc.weight.zero_()
    checkpoint = tmp_path / 'new.pth'
    torch.save({'state_dict': algorithm.state_dict()}, checkpoint)
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('The network gives the same scores to all random clips')
    assert export_recognizer(cfg, checkpoint, tmp_path / 'a.pt2', check=False).difference is None


def test_folder(video_only, tmp_path):
    out = tmp_path / 'model.onnx'
    out.mkdir()
    assert error(*video_only, out) == f'{out} is a folder. Name the file to write in it.'


def test_file_that_onnxruntime_does_not_read(tmp_path):
    (tmp_path / 'a.onnx').write_text('nothing')
    with pytest.raises(ConfigError, match=r'^onnxruntime .* does not read what was written: .*'):
        ONNXFormat.load(tmp_path / 'a.onnx')


def test_preprocessor_of_another_kind(video_only, tmp_path):
    cfg, checkpoint = video_only
    cfg = Config({**cfg.to_dict()})
    cfg.model.data_preprocessor = dict(type='mmengine.BaseDataPreprocessor')
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('`model.data_preprocessor` BaseDataPreprocessor has no `normalize`')


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_size_of_the_paper(tmp_path):
    """ASL-Mix with 254 million parameters; needs 5 GB of memory and 2 GB of disk."""
    cfg = load_config(str(ROOT / 'configs/asl_mix/ucf51_1shot.py'))
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    student = MODELS.build(cfg.model.student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    state = {f'student.{name}': value for name, value in student.state_dict().items()}
    torch.save({'state_dict': state}, tmp_path / 'epoch_50.pth')
    del student, state
    out = tmp_path / 'asl_mix.onnx'
    exported = export_recognizer(cfg, tmp_path / 'epoch_50.pth', out)
    size = sum(file.stat().st_size for file in exported.files)
    for file in (*exported.files, tmp_path / 'epoch_50.pth'):
        file.unlink()
    print(f'{exported.difference:.1e}, {size / 1e9:.3f} GB')
    assert exported.difference <= 1e-5
    assert size == pytest.approx(4 * 253.92e6, rel=0.01)
    assert exported.metadata['outputs']['scores']['shape'] == [1, 51]
