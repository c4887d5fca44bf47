"""tools/train.py and tools/test.py as a user runs them."""

import errno
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.visualization import LocalVisBackend

from mmavssl.registry import MODELS
from mmavssl.utils.config_check import check_config
from tests.terminal import Terminal, screen
from tests.test_tools.small_data import supervised
from tests.test_tools.toy_plugin_files import TOY_CONFIG

ROOT = Path(__file__).parents[2]

def run_process(folder: Path, tool: str, *args: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / f'{tool}.py', *map(str, args)],
        cwd=folder,
        env={**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{folder}'},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_help_needs_no_torch(tool, tmp_path):
    (tmp_path / 'torch.py').write_text('raise SystemExit("torch was imported")')
    result = run_process(tmp_path, tool, '--help')
    assert result.returncode == 0
    for option in ('--work-dir', '--cfg-options', '--launcher'):
        assert option in result.stdout


def test_missing_data_stops_before_anything_is_built(tmp_path):
    result = run_process(tmp_path, 'train', ROOT / 'configs/asl_mix/avsprites_5shot.py')
    assert result.returncode == 2
    line = result.stderr.strip().splitlines()[-1]
    assert line.startswith('train: data/avsprites does not exist')
    assert '`train_dataloader.dataset.labeled.data_root` names it' in line
    assert 'To prepare it: python tools/data/make_avsprites.py data/avsprites' in line
    assert 'Traceback' not in result.stderr
    assert not (tmp_path / 'work_dirs').exists()


def test_missing_data_names_path_key_and_command(tools, tmp_path):
    config = ROOT / 'configs/asl_mix/ucf51_1shot.py'
    option = f'train_dataloader.dataset.labeled.data_root={tmp_path}/nothing'
    line = tools.error('train', config, '--work-dir', tmp_path, '--cfg-options', option)
    assert str(tmp_path / 'nothing') in line
    assert 'train_dataloader.dataset.labeled.data_root' in line
    assert 'python tools/data/prepare_ucf51.py' in line
    assert not list(tmp_path.iterdir())


def test_missing_localizer(tools, tmp_path, monkeypatch, avsprites_root):
    monkeypatch.chdir(tmp_path)
    datasets = ('train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled')
    options = [
        f'{name}.data_root={avsprites_root}' for name in (*datasets, 'val_dataloader.dataset')
    ]
    config = ROOT / 'configs/asl_mix/avsprites_1shot.py'
    line = tools.error('train', config, '--cfg-options', *options)
    assert '`model.mixer.masker.localizer.init_cfg.checkpoint` names it' in line
    assert line.endswith('python tools/train.py configs/localizers/fnac_avsprites.py')


@pytest.mark.parametrize(
    ('option', 'expected'),
    [
        ('model.mixer.masker.type=TubeTokn', "model.mixer.masker: 'TubeTokn' is not a masker."),
        ('model.mixer.masker.type=ClsHead', "model.mixer.masker: 'ClsHead' is not a masker. It"),
        ('model.mixer.alpa=3', 'model.mixer.alpa: TokenMix has no argument'),
        ('data_root=/data', '--cfg-options data_root: nothing reads'),
    ],
)
def test_config_errors_are_one_line(tools, option, expected):
    config = ROOT / 'configs/asl_mix/avsprites_5shot.py'
    assert tools.error('train', config, '--cfg-options', option).startswith(expected)


def test_train_resume_and_test(tools, toy):
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    first = torch.load('run/epoch_1.pth', weights_only=True)

    longer = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'toy.py', '--resume', *longer) == 0
    second = torch.load('run/epoch_2.pth', weights_only=True)
    assert (first['meta']['iter'], second['meta']['iter']) == (4, 8)
    assert len(second['message_hub']['log_scalars']['train/loss']['values']) == 8

    args = ('--work-dir', 'run', '--out', 'out/metrics.json')
    assert tools('test', 'toy.py', 'run/epoch_2.pth', *args) == 0
    weight, bias = second['state_dict'].values()
    expected = float(weight.sum() * 3.5 + bias)
    assert json.loads(Path('out/metrics.json').read_text()) == pytest.approx({'mean': expected})
    assert f'mean: {expected:.2f}' in tools.capsys.readouterr().out


def test_resume_from_what_does_not_fit(tools, toy):
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, 'weights.pth')
    assert tools.error('train', 'toy.py', '--resume', 'nowhere.pth') == (
        'nowhere.pth does not exist. Download or train it first, or correct the path.'
    )
    assert tools.error('train', 'toy.py', '--resume', 'weights.pth') == (
        'weights.pth cannot be used: it has no message_hub, optimizer, which a run needs to go on '
        '(its weights alone are what load_from is for). Name another one.'
    )
    parts = {'meta': {'iter': 4, 'epoch': 1}, 'optimizer': {}, 'message_hub': {}}
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, **parts}, 'other.pth')
    assert tools.only_says('train', 'toy.py', '--resume', 'other.pth') == (
        'other.pth does not fit the config: it lacks layer.weight, layer.bias '
        '(2 of 2 parameters). Name the config that it was trained with, or another checkpoint.'
    )


def test_start_from_what_does_not_fit(tools, toy):
    """MMEngine would train from the initial values, and log that nothing fits."""
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, 'other.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'other.pth'\n")
    assert tools.only_says('train', 'fine.py', '--work-dir', 'new').startswith(
        'other.pth does not fit the config: it lacks layer.weight'
    )
    assert not Path('new').exists()
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'other.pth')
    assert tools('train', 'fine.py', '--work-dir', 'run') == 0
    trained = torch.load('run/epoch_1.pth', weights_only=True)['state_dict']
    assert trained['layer.weight'].min() > 99


def test_a_test_leaves_the_config_of_the_training(tools, toy):
    """And writes its own beside its log, whatever the visualizer keeps."""
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    copy = Path('run/toy.py').read_text()
    visualizer = ('visualizer.type=Visualizer', 'visualizer.vis_backends=[]')
    for more in ((), visualizer):
        for folder in Path('run').glob('*_*/'):  # which two runs in a second would share
            shutil.rmtree(folder)
        options = ('--cfg-options', 'optim_wrapper.optimizer.lr=7', *more)
        assert tools('test', 'toy.py', 'run/epoch_1.pth', '--work-dir', 'run', *options) == 0
        assert Path('run/toy.py').read_text() == copy
        assert [path.name for path in Path('run').glob('*.py')] == ['toy.py']
        [tested] = Path('run').glob('*_*/vis_data/config.py')
        assert Config.fromfile(tested).optim_wrapper.optimizer.lr == 7
        assert Config.fromfile(tested).load_from == 'run/epoch_1.pth'


def weights_of(path: str) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)['state_dict']


@pytest.mark.parametrize('is_resumed', [False, True])
def test_config_in_the_work_dir_repeats_the_run(tools, toy, is_resumed):
    """Also of a run that was tested since, and of one that has gone on from a checkpoint."""
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'start.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'start.pth'\n")
    two = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', *two) == 0
    if is_resumed:
        Path('run/epoch_2.pth').unlink()
        Path('run/last_checkpoint').write_text(str(Path('run/epoch_1.pth').resolve()))
        assert tools('train', 'fine.py', '--resume', *two, 'log_level=WARNING') == 0
    assert tools('test', 'fine.py', 'run/epoch_2.pth', '--work-dir', 'run') == 0
    copy = Config.fromfile('run/fine.py')
    assert (copy.load_from, copy.get('log_level', 'INFO')) == ('start.pth', 'INFO')
    assert tools('train', 'run/fine.py', '--work-dir', 'again') == 0
    first, second = weights_of('run/epoch_2.pth'), weights_of('again/epoch_2.pth')
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_config_in_the_work_dir_repeats_a_run_on_videos(tools, data):
    assert tools('train', *supervised(data)) == 0
    assert tools('train', 'run/avsprites_1shot.py', '--work-dir', 'again') == 0
    first, second = weights_of('run/epoch_1.pth'), weights_of('again/epoch_1.pth')
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_clips_that_are_trained_on_and_tested_are_told(tools, data):
    """In the log, where results are looked up later."""
    tested = f'val_dataloader.dataset.ann_file={data}/labeled.csv'
    assert tools('train', *supervised(data, tested)) == 0
    [log] = Path('run').glob('*/*.log')
    assert (
        f'WARNING - 8 of 8 clips of `train_dataloader.dataset` ({data}/labeled.csv) are in the '
        'validation or test list as well: videos/'
    ) in log.read_text()


def train_asl_mix(tools, avsprites_root, config, *more):
    """Train one short epoch; return the log."""
    parts = ('train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled')
    options = [f'{part}.data_root={avsprites_root}' for part in (*parts, 'val_dataloader.dataset')]
    options += [
        *more, 'train_cfg.max_epochs=1',
        'train_cfg.val_begin=9', 'train_dataloader.batch_size=6',
        'train_dataloader.sampler.epoch_over=2', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False',
    ]  # fmt: skip
    assert tools('train', config, '--work-dir', 'run', '--cfg-options', *options) == 0
    [log] = Path('run').glob('*/*.log')
    return log.read_text()


def test_localizer_without_weights_is_told(tools, avsprites_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ROOT / 'configs/asl_mix/avsprites_1shot.py'
    without = 'model.mixer.masker.localizer.init_cfg=None'
    log = train_asl_mix(tools, avsprites_root, config, without)
    assert 'WARNING - `model.mixer.masker.localizer` is a FNACLocalizer without' in log
    assert 'told anything' not in log


def test_maps_that_all_told_nothing_are_told_of_at_the_end(
    tools, avsprites_root, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path('mine.py').write_text(
        f'_base_ = {str(ROOT / "configs/asl_mix/avsprites_1shot.py")!r}\n'
        "constant = dict(_delete_=True, type='CenterPrior', size=1)\n"
        'model = dict(warmup_epochs=0, mixer=dict(masker=dict(localizer=constant)))\n'
    )
    log = train_asl_mix(tools, avsprites_root, 'mine.py')
    last = [line for line in log.splitlines() if 'WARNING' in line][-1]
    told = re.search(r'None of the (\d+) localization maps since this process began told', last)
    assert f'0 not finite (NaN or infinite), {told[1]} constant' in last


def test_resume_without_checkpoint_is_a_new_run(tools, toy):
    assert tools('train', 'toy.py', '--resume', 'auto', '--work-dir', 'new') == 0
    assert Path('new/epoch_1.pth').is_file()


def test_new_run_in_spite_of_resume_keeps_what_the_config_begins_with(tools, toy):
    """A run that was killed before its first checkpoint begins again as it began."""
    state = {'layer.weight': torch.full((1, 3), 100.0), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'start.pth')
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'start.pth'\n")
    assert tools('train', 'fine.py', '--resume', '--work-dir', 'run') == 0
    trained = torch.load('run/epoch_1.pth', weights_only=True)['state_dict']
    assert trained['layer.weight'].min() > 99


def test_config_that_goes_on_with_another_run(tools, toy):
    """Also with `--resume auto` of tools/slurm_train.sh, until the run has saved something."""
    assert tools('train', 'toy.py', '--work-dir', 'there') == 0
    Path('fine.py').write_text(f"{TOY_CONFIG}load_from = 'there/epoch_1.pth'\nresume = True\n")
    args = ('--work-dir', 'here', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', '--resume', 'auto', *args) == 0
    assert torch.load('here/epoch_2.pth', weights_only=True)['meta']['iter'] == 8
    assert not Path('here/epoch_1.pth').exists()


def test_seed_that_a_run_drew_is_kept(tools, toy):
    """Both parts of a run have the order of clips that one run would have."""
    Path('fine.py').write_text(TOY_CONFIG.replace('seed=0', 'seed=None'))
    assert tools('train', 'fine.py', '--work-dir', 'run') == 0
    longer = ('--work-dir', 'run', '--cfg-options', 'train_cfg.max_epochs=2')
    assert tools('train', 'fine.py', '--resume', *longer) == 0
    seeds = [
        torch.load(f'run/epoch_{n}.pth', weights_only=True)['meta']['seed'] for n in (1, 2)
    ]
    assert seeds[0] == seeds[1]


def test_mixed_precision(tools, toy, monkeypatch):
    assert tools('train', 'toy.py', '--amp', '--work-dir', 'run') == 0
    config = Config.fromfile('run/toy.py')
    assert config.optim_wrapper.type == 'AutocastOptimWrapper'
    option = 'optim_wrapper.type=AmpOptimWrapper'
    line = tools.error('train', 'toy.py', '--amp', '--cfg-options', option)
    assert line.startswith("--amp replaces `optim_wrapper.type` OptimWrapper, but it is 'AmpOpt")


@pytest.fixture
def train():
    """The tool as a module."""
    spec = importlib.util.spec_from_file_location('tools_train', ROOT / 'tools/train.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_fine_tune(train, tmp_path, monkeypatch):
    """Networks of another run with a new head; the weights that parts name are not looked for."""
    config = str(ROOT / 'configs/asl_mix/avsprites_1shot.py')
    cfg = train.train_config(train.parse_args([config]))
    assert cfg.model.student.backbone.init_cfg
    for part in cfg.model.student.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)
    torch.manual_seed(1)
    saved = MODELS.build(cfg.model.student).state_dict()
    saved = {name: torch.randn_like(value.float()) for name, value in saved.items()}
    file = tmp_path / 'other.pth'
    torch.save({'state_dict': {f'student.{name}': saved[name] for name in saved}}, file)

    cfg = train.train_config(train.parse_args([config, '--fine-tune', str(file)]))
    check_config(cfg)
    assert 'init_cfg' not in cfg.model.student.backbone
    student = MODELS.build(cfg.model.student)
    student.init_weights()
    for name, value in student.state_dict().items():
        assert torch.equal(value, saved[name]) != name.startswith('head.'), name


def test_fine_tune_from_a_localizer(tools, data):
    """Is told before there is a log, or a folder for it."""
    torch.save({'state_dict': {'localizer.trunk.weight': torch.zeros(1)}}, 'localizer.pth')
    config, *rest = supervised(data)
    line = tools.only_says('train', config, '--fine-tune', 'localizer.pth', *rest)
    assert line.startswith('localizer.pth (`init_cfg.checkpoint`) does not fit AVRecognizer: it ')
    assert 'has no recognizer of ours' in line
    assert not Path('run').exists()


def test_fine_tune_of_what_cannot(tools, toy):
    line = tools.error('train', 'toy.py', '--fine-tune', 'x.pth')
    assert line.startswith('--fine-tune starts an AVRecognizer, but `model.student` is a None.')


@pytest.mark.parametrize('installed', [True, False])
def test_visualize(train, toy, monkeypatch, installed):
    """The flag keeps what the config says; TensorBoard is left out where it is not installed."""
    tensorboard = object() if installed else None
    monkeypatch.setattr('importlib.util.find_spec', lambda name: tensorboard)
    args = ['toy.py', '--visualize', '--cfg-options', 'default_hooks.visualization.interval=7']
    cfg = train.train_config(train.parse_args(args))
    check_config(cfg)  # what training does next
    assert cfg.default_hooks.visualization == dict(type='SSLVisualizationHook', interval=7)
    assert cfg.visualizer.type == 'ASLVisualizer'
    backends = [backend['type'] for backend in cfg.visualizer.vis_backends]
    assert backends == ['LocalVisBackend'] + ['TensorboardVisBackend'] * installed


def test_full_disk_is_one_line(tools, toy, monkeypatch):
    """Also where no checkpoint is written, but the log."""

    def refuse(self, *args):
        raise OSError(errno.ENOSPC, 'No space left on device', 'scalars.json')

    monkeypatch.setattr(LocalVisBackend, 'add_scalars', refuse)
    visualizer = "dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])"
    Path('fine.py').write_text(
        f"{TOY_CONFIG}visualizer = {visualizer}\n"
        "default_hooks.update(logger=dict(type='LoggerHook', interval=1))\n"
    )
    assert tools('train', 'fine.py') == 2
    line = tools.capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith('train: The disk is full ([Errno 28] No space left on device')


def test_slurm_without_gpus(tools, toy, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    line = tools.error('train', 'toy.py', '--launcher', 'slurm')
    assert line.startswith('--launcher slurm needs a CUDA device')


@pytest.mark.parametrize('needs_values', [False, True])
def test_tested_checkpoint_must_fit_and_exist(tools, toy, monkeypatch, needs_values):
    """It is compared before there is a log or a folder, unless the model needs values."""
    line = tools.error('test', 'toy.py', 'nowhere.pth')
    assert line.startswith('nowhere.pth does not exist.')
    state = {'layer.weight': torch.zeros(2, 3), 'layer.bias': torch.zeros(2)}
    torch.save({'state_dict': state, 'meta': {}}, 'wide.pth')
    if needs_values:
        monkeypatch.setattr('mmavssl.utils.build_runner.model_shapes', lambda cfg: None)
    say = tools.last_line if needs_values else tools.only_says
    for weights, message in (
        (['wide.pth'], 'layer.weight is (2, 3) instead of (1, 3)'),
        ([], 'The model has 2 tensors to load, such as layer.weight.'),
    ):
        assert message in say('test', 'toy.py', *weights, '--work-dir', 'run')
        assert Path('run').exists() == needs_values


def test_teacher_of_a_model_without_one(tools, toy):
    line = tools.error('test', 'toy.py', 'any.pth', '--use', 'teacher')
    assert line == '--use teacher: ToyModel has no teacher. Leave --use out.'


def test_bars_in_a_terminal(tools, toy, monkeypatch):
    """Below whole lines of the log, which MMEngine writes to the stdout of when it began."""
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    Path('logged.py').write_text(
        f"{TOY_CONFIG}default_hooks.update(logger=dict(type='LoggerHook', interval=1))\n"
    )
    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        assert tools('train', 'logged.py', '--work-dir', 'run') == 0
    lines = screen(terminal.getvalue())
    epochs = [line for line in lines if 'Epoch(train)' in line]
    assert len(epochs) == 4
    assert all(line[0].isdigit() and 'loss: ' in line for line in epochs)
    assert not any('Training' in line for line in lines)
    assert '4/4' in terminal.getvalue()
    assert 'ProgressBar' not in Path('run/logged.py').read_text()

    terminal = Terminal()
    with redirect_stdout(terminal), redirect_stderr(terminal):
        assert tools('test', 'logged.py', 'run/epoch_1.pth') == 0
    assert 'Testing' in terminal.getvalue()
    assert screen(terminal.getvalue())[-2].startswith('mean: ')


def test_no_bar_in_a_pipe(tools, toy):
    assert tools('train', 'toy.py', '--work-dir', 'run') == 0
    said = tools.capsys.readouterr()
    assert said.err == ''
    assert '\x1b[2K' not in said.out
