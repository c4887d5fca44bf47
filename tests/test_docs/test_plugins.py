"""docs/plugins.md as written: its files, its commands, its messages, and its package."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from math import exp
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import Registry
from packaging.version import Version

import mmavssl.registry
from mmavssl.datasets.splits import make_split
from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.registry import DATASETS, LOCALIZERS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs/plugins.md').read_text()
PACKAGE = ROOT / 'docs/examples/localizer_plugin'
CONFIG, SCORE_CONFIG = 'loud_motion_config.py', 'loud_motion_score.py'
WAVE_CONFIG = 'loud_wave_config.py'
FILES = {
    block.partition('\n')[0].removeprefix('# '): block.partition('\n')[2]
    for block in re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)
}
COMMANDS = re.findall(r'^(?:PYTHONPATH=\. )?(?:python|pip) .*', PAGE, re.MULTILINE)
MISTAKES = re.findall(r'^\$ (.*)\n(.*)$', PAGE, re.MULTILINE)
# Rows of the table of kinds: registries, base classes, file of the example, keys of configs.
KINDS = re.findall(
    r'^\| [^|]+ \| `@([A-Z_]+)` \| ([^|]+) \| \[[^|]+\]\(\.\./([^|]+)\) \| ([^|]+) \|$',
    PAGE, re.MULTILINE,
)  # fmt: skip

# Two squares appear on a still background, A while it is loud and B while it is quiet. The masker
# of the config's model draws 4 of 64 tokens in 200 such clips.
USE_MASKER = """
import json, sys, torch
import mmavssl.datasets, mmavssl.models
from mmengine.registry import init_default_scope
from mmavssl.registry import MODELS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config

cfg = load_config(sys.argv[1])
check_config(cfg)
init_default_scope(cfg.default_scope)
masker = MODELS.build(cfg.model).train().mixer.masker
frames = torch.linspace(0, 0.5, 64).expand(200, 4, 3, 64, 64).clone()
frames[:, 2:, :, 0:16, 0:16] += 0.5   # A, from the third frame on
frames[:, 3:, :, 48:64, 48:64] += 0.5  # B, in the fourth
audio = torch.zeros(200, 192, 64)
audio[:, 96:144] = torch.linspace(1, 3, 64)  # loud: 2 on average
torch.manual_seed(0)
result = masker(torch.full((200,), 4 / 64), (4, 8, 8), frames=frames, audio=audio)
mask = result.mask.view(200, 4, 8, 8)
print(json.dumps({
    'name': type(masker.localizer).__name__,
    'module': sys.modules[type(masker.localizer).__module__].__file__,
    'map': masker.localizer(frames[:1], audio[:1])[0].tolist(),
    'kept': sorted(set(mask.sum((2, 3)).flatten().tolist())),
    'A': mask[:, :, 0:2, 0:2].float().mean().item(),
    'B': mask[:, :, 6:8, 6:8].float().mean().item(),
}))
"""


@pytest.fixture(scope='module')
def checkout(tmp_path_factory, avsprites_root) -> Path:
    """A folder with the files of the page, the tools, and the data of the README.

    It has no configs, as the page says that any folder will do.
    """
    root = tmp_path_factory.mktemp('checkout')
    (root / 'tools').symlink_to(ROOT / 'tools')
    data = root / 'data/avsprites'
    data.mkdir(parents=True)
    for path in avsprites_root.iterdir():
        if path.name != 'splits':
            (data / path.name).symlink_to(path)
    make_split(
        data / 'manifest_train.csv', data / 'classes.txt', data / 'splits/2shot_seed0', shots=2
    )
    for name, text in FILES.items():
        (root / name).write_text(text)
    return root


@pytest.fixture
def call(own_components, monkeypatch):
    """Return what runs a tool as the page says, in this process, which then forgets the plugin."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')

    def run_here(folder: Path, command: str, *options: str) -> int:
        monkeypatch.chdir(folder)
        python_path, _, rest = command.rpartition('python ')
        if python_path:
            assert python_path == 'PYTHONPATH=. '
            monkeypatch.syspath_prepend(folder)
        tool, *args = shlex.split(rest)
        spec = importlib.util.spec_from_file_location('tool', ROOT / tool)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main([*args, *options])

    yield run_here
    for name in ('loud_motion', 'loud_wave'):
        sys.modules.pop(name, None)


def run(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True,
    )  # fmt: skip


def command_with(word: str) -> str:
    return next(command for command in COMMANDS if word in command)


def use_masker(folder: Path, path: Path) -> dict:
    (folder / 'use_masker.py').write_text(USE_MASKER)
    result = run(folder, 'use_masker.py', CONFIG, PYTHONPATH=f'{ROOT}{os.pathsep}{path}')
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def assert_masks_keep_what_is_loud(used: dict) -> None:
    assert used['name'] == 'LoudMotion'
    weights = [1 / (3 + exp(2))] * 4
    weights[2] *= exp(2)
    for plane in used['map']:
        for row, line in enumerate(plane):
            for column, value in enumerate(line):
                in_a, in_b = max(row, column) < 2, min(row, column) > 5
                expected = 0.5 * (weights[2] * in_a + weights[3] * in_b)
                assert value == pytest.approx(expected, abs=1e-6)
    assert used['kept'] == [4]
    # A weighs 1, B exp(-2) and anything else 0.001; the fourth token is B more often than not.
    assert used['A'] > 0.75
    assert 0.05 < used['B'] < 0.25


def test_page_has_what_is_tested_here():
    assert list(FILES) == ['loud_motion.py', CONFIG, 'loud_wave.py', WAVE_CONFIG, SCORE_CONFIG]
    assert len(MISTAKES) == 4


def test_class_has_ten_lines():
    lines = FILES['loud_motion.py'].splitlines()
    lines = [line for line in lines[lines.index('@LOCALIZERS.register_module()') :] if line]
    assert len(lines) <= 10


def test_masks_follow_the_localizer_of_the_page(checkout):
    assert_masks_keep_what_is_loud(use_masker(checkout, checkout))


@pytest.fixture
def wave_config(checkout, call, monkeypatch) -> Config:
    """The config of the localizer that hears the waveform; `call` forgets the plugins."""
    monkeypatch.chdir(checkout)
    monkeypatch.syspath_prepend(checkout)
    cfg = load_config(WAVE_CONFIG)
    check_config(cfg)
    return cfg


def test_waveform_is_packed_where_the_page_says(wave_config):
    clips = DATASETS.build(wave_config.train_dataloader.dataset.unlabeled)
    for view in clips[0]['inputs'].values():
        heard = localizer_audio(view, 'waveform')
        assert heard.shape == (round(1.93 * 16_000),)
        assert 0 < heard.abs().max() <= 1
    score = load_config(SCORE_CONFIG)
    options = re.findall(r'\b(t[a-z_.]+\.pipeline\.\d+)\.keep_waveform=True', PAGE)
    assert len(options) == 2
    for cfg, option in zip((wave_config, score), options, strict=True):
        place = cfg
        for key in option.split('.'):
            place = place[int(key) if key.isdigit() else key]
        assert place.type == 'PackAVInputs'


def test_waveform_is_heard(wave_config):
    localizer = LOCALIZERS.build(wave_config.model.mixer.masker.localizer)
    frames = torch.zeros(1, 4, 3, 64, 64)
    frames[:, 2:, :, 0:16, 0:16] = 1  # A appears in the third frame, B in the fourth
    frames[:, 3:, :, 48:64, 48:64] = 1
    sound = torch.full((1, 4000), 0.01)
    sound[:, 2000:3000] = -0.03  # three times as loud, as what swings does
    first = localizer(frames, sound)[0, 0]
    weights = torch.tensor([1.0, 1.0, 3.0, 1.0]).softmax(0)
    torch.testing.assert_close(first[0, 0], weights[2])
    torch.testing.assert_close(first[7, 7], weights[3])


def test_maps_can_be_looked_at(checkout, call):
    assert call(checkout, command_with('visualize_masks'), '--num-clips', '1') == 0
    assert (checkout / 'loud_motion.mp4').stat().st_size > 10_000


def test_scores(checkout, call, capsys):
    """The plugin and the control are tested, on all clips, and are not the same."""
    commands = [command for command in COMMANDS if SCORE_CONFIG in command]
    assert len(commands) == 2
    results = []
    for number, command in enumerate(commands):
        own = (f'experiment_name=score{number}', 'test_dataloader.num_workers=0')
        assert call(checkout, command, '--work-dir', 'score', '--cfg-options', *own) == 0
        lines = re.findall(r'^localization/(\w+): (\S+)$', capsys.readouterr().out, re.MULTILINE)
        results.append({name: float(value) for name, value in lines})
    assert {'auc', 'pointing', 'mask_precision'} <= set(results[0])
    assert results[0]['mean_ciou'] != results[1]['mean_ciou']


def test_kinds_are_those_of_the_registries():
    own = {
        name
        for name, registry in vars(mmavssl.registry).items()
        if isinstance(registry, Registry) and not name.startswith('MMENGINE_')
        if components(registry)
    }
    assert {name for name, *_ in KINDS} == own
    assert len(KINDS) == len(own)


@pytest.mark.parametrize(('name', 'base', 'example', 'keys'), KINDS)
def test_examples_and_keys_of_the_kinds(name, base, example, keys):
    registry = getattr(mmavssl.registry, name)
    shown = [c for c in components(registry) if c.__module__ == module_of(example)]
    bases = {parent.__name__ for c in shown if isinstance(c, type) for parent in c.__mro__}
    first = re.match(r'`(\w+)`', base)
    assert first[1] in bases if first else not bases
    has_wrapper = name == 'MODEL_WRAPPERS'
    config = 'k400_1shot_fsdp' if has_wrapper else 'avsprites_2shot'
    cfg = load_config(str(ROOT / f'configs/asl_mix/{config}.py'))
    for key in re.findall(r'`([^`]+)`', keys):
        value = cfg
        for part in key.split('.'):
            value = value[part]
        for component in value if isinstance(value, list) else [value]:
            kind = component if isinstance(component, str) else component['type']
            assert registry.get(kind.removeprefix('mmavssl.')) is not None, (key, kind)


def components(registry):
    registry.import_from_location()
    return [c for c in registry.module_dict.values() if c.__module__.startswith('mmavssl.')]


def module_of(path):
    return path.removesuffix('.py').replace('/', '.')


@pytest.mark.docs
def test_training_with_it(checkout, call):
    """One iteration, in which mixed clips count."""
    options = (
        '--cfg-options', 'train_cfg.max_epochs=1', 'train_dataloader.sampler.epoch_over=1',
        'model.warmup_epochs=0', 'train_dataloader.num_workers=0',
        'train_dataloader.persistent_workers=False', 'val_dataloader.num_workers=0',
    )  # fmt: skip
    assert call(checkout, command_with('tools/train.py'), *options) == 0
    assert (checkout / f'work_dirs/{checkout.name}/{Path(CONFIG).stem}/epoch_1.pth').is_file()


@pytest.mark.parametrize(('command', 'answer'), MISTAKES)
def test_mistakes_are_answered_as_the_page_says(checkout, call, capsys, command, answer):
    assert call(checkout, command) == 2
    [line] = capsys.readouterr().err.splitlines()
    said = re.escape(answer).replace(re.escape('...'), r'.*\bLoudMotion\b.*')
    assert re.fullmatch(said, line), line


def test_package_is_the_module_of_the_page():
    assert (PACKAGE / 'loud_motion.py').read_text() == FILES['loud_motion.py']
    assert f'pip install {PACKAGE.relative_to(ROOT)}' in COMMANDS
    readme = (PACKAGE / 'README.md').read_text()
    assert all(line in readme for line in FILES[CONFIG].splitlines()[1:])


@pytest.mark.docs
@pytest.mark.skipif(
    Version(version('setuptools')) < Version('70.1'),
    reason='older setuptools need the package `wheel` to build one without a network',
)
def test_package_is_installed_and_used(tmp_path):
    source, site = tmp_path / 'source', tmp_path / 'site'
    shutil.copytree(PACKAGE, source)  # building leaves files behind
    result = run(
        tmp_path, '-m', 'pip', 'install', '--no-deps', '--no-build-isolation', '--no-index',
        '--target', str(site), str(source),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    work = tmp_path / 'checkout'
    work.mkdir()
    (work / CONFIG).write_text(FILES[CONFIG])
    used = use_masker(work, site)
    assert Path(used['module']) == site / 'loud_motion.py'
    assert_masks_keep_what_is_loud(used)
