"""Run the command-line tools within the process of the tests."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from tests.test_tools.small_data import clips
from tests.test_tools.toy_plugin_files import TOY_CONFIG, TOY_MODULE

ROOT = Path(__file__).parents[2]


class Tools:
    """Runs the tools in this process, which has imported torch already."""

    def __init__(self, capsys: pytest.CaptureFixture) -> None:
        self.capsys = capsys
        self.runs = 0

    def __call__(self, tool: str, *args: str | Path) -> int:
        """Run a tool and return its status; MMEngine tells runs of a process by their names."""
        spec = importlib.util.spec_from_file_location(f'tools_{tool}', ROOT / f'tools/{tool}.py')
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.runs += 1
        name = f'{os.getpid()}_{id(self)}_{self.runs}'
        self.capsys.readouterr()
        return module.main([*map(str, args), '--cfg-options', f'experiment_name=r{name}'])

    def last_line(self, tool: str, *args: str | Path) -> str:
        """Return the last line of what a tool writes that fails after it has begun."""
        assert self(tool, *args) == 2
        text = self.capsys.readouterr().err
        assert 'Traceback' not in text
        line = text.strip().splitlines()[-1]
        assert line.startswith(f'{tool}: ')
        return line.removeprefix(f'{tool}: ')

    def only_says(self, tool: str, *args: str | Path) -> str:
        """Return the one line that a failing tool writes, in place of a log as well."""
        assert self(tool, *args) == 2
        said = self.capsys.readouterr()
        assert said.out == ''
        [line] = said.err.splitlines()
        return line.removeprefix(f'{tool}: ')

    def error(self, tool: str, *args: str | Path) -> str:
        """Return the one line that a failing tool writes."""
        assert self(tool, *args) == 2
        lines = self.capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f'{tool}: ')
        return lines[0].removeprefix(f'{tool}: ')


@pytest.fixture
def tools(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Tools:
    # The tools set these for their own process.
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.setenv('LOCAL_RANK', '0')
    return Tools(capsys)


@pytest.fixture
def convert(tmp_path, monkeypatch, capsys):
    """Run one of tools/convert in an empty folder and return its status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')

    def run(name, *args):
        path = ROOT / f'tools/convert/{name}.py'
        spec = importlib.util.spec_from_file_location(f'convert_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        capsys.readouterr()
        return module.main(list(args))

    return run


@pytest.fixture
def data(tmp_path: Path, avsprites_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of one labeled clip per class, whose files a test may damage."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / 'data'
    folder.mkdir()
    split = avsprites_root / 'splits/1shot_seed0'
    sources = (avsprites_root / 'classes.txt', avsprites_root / 'manifest_test.csv')
    for source in (*sources, split / 'labeled.csv', split / 'unlabeled.csv'):
        shutil.copy(source, folder)
    for path in clips(folder / 'labeled.csv') + clips(folder / 'manifest_test.csv'):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(avsprites_root / path.relative_to(folder), path)
    return folder


@pytest.fixture(scope='session')
def plugin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('plugin')
    (folder / 'toy_plugin.py').write_text(TOY_MODULE)
    return folder


@pytest.fixture
def toy(plugin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a config of a plugin that trains in no time."""
    monkeypatch.syspath_prepend(plugin_folder)
    monkeypatch.chdir(tmp_path)
    Path('toy.py').write_text(TOY_CONFIG)
    return tmp_path
