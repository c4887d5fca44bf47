"""What an installed package holds besides its modules."""

import importlib.metadata
import importlib.util
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def setup_module():
    spec = importlib.util.spec_from_file_location('mmavssl_setup', ROOT / 'setup.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package folder as it goes into a wheel."""
    folder = tmp_path_factory.mktemp('build')
    subprocess.run(
        [
            sys.executable, 'setup.py', '--quiet', 'egg_info', '--egg-base', folder,
            'build_py', '--build-lib', folder / 'lib',
        ],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return folder / 'lib' / 'mmavssl'


def relative_files(folder: Path, pattern: str) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob(pattern)
        if path.is_file() and '__pycache__' not in path.parts
    }


def test_all_modules_are_in(built):
    modules = relative_files(built, '*.py')
    modules = {path for path in modules if path.parts[0] != '.mim'}
    assert modules == relative_files(ROOT / 'mmavssl', '*.py')


@pytest.mark.parametrize('name', ['configs', 'tools'])
def test_configs_and_tools_are_where_mim_looks(built, name):
    assert relative_files(built / '.mim' / name, '*') == relative_files(ROOT / name, '*')


def test_model_index_is_in(built):
    name = 'model-index.yml'
    assert (built / '.mim' / name).read_text() == (ROOT / name).read_text()


def test_model_index_names_what_exists():
    metafiles = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
    names = []
    for metafile in metafiles:
        content = yaml.safe_load((ROOT / metafile).read_text())
        collections = {collection['Name'] for collection in content['Collections']}
        for model in content['Models']:
            assert (ROOT / model['Config']).is_file()
            assert model['In Collection'] in collections
            names.append(model['Name'])
    assert sorted(set(names)) == sorted(names)
    found = {str(path.relative_to(ROOT)) for path in ROOT.glob('configs/*/metafile.yml')}
    assert found == set(metafiles)


def test_data_files_of_the_package_are_in(built):
    others = relative_files(ROOT / 'mmavssl', '*') - relative_files(ROOT / 'mmavssl', '*.py')
    assert others <= relative_files(built, '*')
    lists = {path.name for path in others if path.parent.name == 'lists'}
    assert {f'{name}_classes.txt' for name in ('ucf51', 'k400', 'vggsound')} < lists


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What makes the package's version, in a repository of its own."""
    for name in ('setup.py', 'pyproject.toml', 'README.md'):
        shutil.copy(ROOT / name, tmp_path)
    author = ('-c', 'user.name=test', '-c', 'user.email=test@localhost')
    for words in (['init', '--quiet'], ['add', '.'], [*author, 'commit', '--quiet', '-m', 'all']):
        subprocess.run(['git', *words], cwd=tmp_path, check=True)
    return tmp_path


def version_of(checkout: Path) -> str:
    words = [sys.executable, 'setup.py', '--version']
    done = subprocess.run(words, cwd=checkout, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def test_version_is_that_of_the_git_tag(checkout):
    subprocess.run(['git', 'tag', 'v3.2.1'], cwd=checkout, check=True)
    assert version_of(checkout) == '3.2.1'
    (checkout / 'README.md').write_text('another one')
    assert version_of(checkout).startswith('3.2.2.dev0+')


def test_version_of_a_copy_without_git(checkout):
    shutil.rmtree(checkout / '.git')
    assert version_of(checkout) == '0.1.0.dev0'


def test_version_where_nothing_is_installed(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, 'version', missing)
    assert runpy.run_path(str(ROOT / 'mmavssl/version.py'))['__version__'] == '0+unknown'


@pytest.mark.parametrize('name', ['constraints', 'oldest'])
def test_tested_versions_are_within_the_bounds(setup_module, name):
    from packaging.requirements import Requirement

    bounds = {}
    for text in [*setup_module.INSTALL_REQUIRES, *setup_module.TEST_REQUIRES]:
        requirement = Requirement(text)
        bounds[requirement.name] = requirement.specifier
    lines = (ROOT / f'requirements/{name}.txt').read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith('#')]
    # The style is checked with the newest ruff alone.
    unpinned = {'ruff'} if name == 'oldest' else set()
    assert {pin.name for pin in pins} == set(bounds) - unpinned
    for pin in pins:
        version = next(iter(pin.specifier)).version
        assert bounds[pin.name].contains(version), str(pin)


def test_python_bounds_of_setup_and_script_agree():
    script = (ROOT / 'tools/lib/setup_env.sh').read_text()
    setup = (ROOT / 'setup.py').read_text()
    low, high = (
        int(next(line for line in script.splitlines() if line.startswith(name)).split('=')[1][:2])
        for name in ('PYTHON_MIN', 'PYTHON_MAX')
    )
    assert f"python_requires='>=3.{low},<3.{high + 1}'" in setup
