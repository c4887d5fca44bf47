"""The wheel alone, in an empty folder: commands, configs, weights, and a training."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

ROOT = Path(__file__).parents[1]
SOURCES = (
    'setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md', 'LICENSE', 'model-index.yml',
    'mmavssl', 'configs', 'tools',
)  # fmt: skip
WHEEL_VERSION = '3.2.1'  # as of a tag: the copy that is built has no git
SMALL = ('--num-train', '16', '--num-test', '8')

pytestmark = [
    pytest.mark.slow,  # in .ci/run
    pytest.mark.skipif(
        Version(version('setuptools')) < Version('70.1'),
        reason='older setuptools need the package `wheel` to build one without a network',
    ),
]


def python(folder: Path, *words: str | Path, **env: str) -> subprocess.CompletedProcess:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope='module')
def site(tmp_path_factory) -> Path:
    """The folder that the wheel was installed into."""
    place = tmp_path_factory.mktemp('wheel')
    source = place / 'source'  # building leaves files behind
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    pip = ('-m', 'pip', '--disable-pip-version-check')
    options = ('--no-deps', '--no-index', '--quiet')
    build = (*pip, 'wheel', source, '--no-build-isolation', *options, '-w', place)
    done = python(place, *build, SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MMAVSSL=WHEEL_VERSION)
    assert done.returncode == 0, done.stderr
    [wheel] = place.glob('*.whl')
    shutil.rmtree(source)
    done = python(place, *pip, 'install', wheel, *options, '--target', place / 'site')
    assert done.returncode == 0, done.stderr
    return place / 'site'


@pytest.fixture
def mmavssl(site, tmp_path):
    """Return what runs a command in an empty folder, where the wheel goes before this checkout."""

    def run(*words: str, status: int = 0) -> subprocess.CompletedProcess:
        done = python(tmp_path, '-m', 'mmavssl', *words, PYTHONPATH=str(site))
        assert done.returncode == status, done.stderr
        return done

    return run


def test_commands(mmavssl, site):
    assert '  prepare     Write the lists of a data set' in mmavssl('--help').stdout
    usage = mmavssl('prepare', 'ucf51', '--help').stdout
    assert usage.startswith('usage: mmavssl prepare ucf51 ')
    assert 'mmavssl prepare ucf51 /path/to/UCF-101 data/ucf51' in usage
    done = python(site, 'bin/mmavssl', '--version', PYTHONPATH=str(site))
    assert done.stdout == f'{WHEEL_VERSION}\n', done.stderr


def test_info(mmavssl, site):
    facts = json.loads(mmavssl('info', '--json').stdout)
    assert facts['folder'] == f'{site}/mmavssl'
    assert facts['configs'].endswith(f' in {site}/mmavssl/.mim/configs')
    assert {'torch', 'rich', 'packaging', 'mmengine'} <= set(facts['packages'])
    assert {'shards', 'export'} <= set(facts['extras'])
    assert facts['problems'] == []


def test_cost_of_a_config_by_its_name(mmavssl):
    figures = json.loads(mmavssl('cost', 'asl_mix/ucf51_1shot.py', '--json').stdout)
    assert figures['params_total'] == figures['params_trainable'] > 200e6


def test_config_that_is_based_on_one_of_the_package(mmavssl, tmp_path):
    base = 'supervised/avsprites_1shot.py'
    (tmp_path / 'mine.py').write_text(f"_base_ = 'mmavssl::{base}'\n")
    assert mmavssl('cost', 'mine.py', '--json').stdout == mmavssl('cost', base, '--json').stdout


def test_messages_name_what_is_there(mmavssl):
    line = mmavssl('train', 'configs/asl_mix/ucf51_1shot.py', status=2).stderr
    assert 'To prepare it: mmavssl prepare ucf51 /path/to/UCF-101 data/ucf51' in line
    line = mmavssl('train', 'asl_mix/ucf51_1shots.py', status=2).stderr
    assert "Did you mean 'asl_mix/ucf51_1shot.py'?" in line
    line = mmavssl('bench', 'benchmarks/grids/table2_small.py', status=2).stderr
    assert line == (
        'bench: Grids and their results are in benchmarks/ of the repository, which an '
        'installed package has not. Clone the repository, pip install -e . there, and run it '
        'there.\n'
    )


def test_training_from_an_empty_folder(mmavssl, tmp_path):
    """Its frames begin with weights that are in the wheel, beside the configs."""
    mmavssl('sprites', 'data/avsprites', *SMALL)
    mmavssl('split', 'data/avsprites/manifest_train.csv', '--shots', '1')
    config, run = 'own/mine.py', 'work_dirs/own/mine'
    (tmp_path / 'own').mkdir()
    (tmp_path / config).write_text("_base_ = 'mmavssl::supervised/avsprites_1shot.py'\n")
    options = (
        '--cfg-options', 'train_cfg.max_epochs=1', 'train_dataloader.sampler.epoch_size=8',
        'train_dataloader.batch_size=8', 'train_cfg.val_begin=9',
    )  # fmt: skip
    mmavssl('train', config, *options)
    mmavssl('test', config, f'{run}/epoch_1.pth', '--out', 'metrics.json')
    assert 0 <= json.loads((tmp_path / 'metrics.json').read_text())['student/top1'] <= 100


def test_index_of_mim(site):
    """Paths in it and in the metafiles are from the folder that MIM looks into."""
    folder = site / 'mmavssl/.mim'
    for metafile in yaml.safe_load((folder / 'model-index.yml').read_text())['Import']:
        for model in yaml.safe_load((folder / metafile).read_text())['Models']:
            assert (folder / model['Config']).is_file()
