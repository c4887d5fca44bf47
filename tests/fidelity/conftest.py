"""Run the conversion tools within the process of the tests."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def convert(monkeypatch):
    """Run one of tools/convert and return its exit status."""
    monkeypatch.setenv('LOCAL_RANK', '0')

    def run(name, *args):
        path = ROOT / f'tools/convert/{name}.py'
        spec = importlib.util.spec_from_file_location(f'convert_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.main(list(map(str, args)))

    return run
