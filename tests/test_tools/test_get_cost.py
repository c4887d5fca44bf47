"""The costs of all shipped configs, and their tables in the model zoo."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def main(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    path = ROOT / 'tools/analysis/get_cost.py'
    spec = importlib.util.spec_from_file_location('get_cost', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.mark.slow  # in .ci/run
def test_model_zoo_is_up_to_date_and_has_all_configs(main, tmp_path, capsys):
    """If this fails, run tools/analysis/get_cost.py --all --zoo model_zoo.md."""
    zoo = (ROOT / 'model_zoo.md').read_text()
    copy = tmp_path / 'model_zoo.md'
    copy.write_text(zoo)
    assert main(['--all', '--json', '--zoo', str(copy)]) == 0
    assert copy.read_text() == zoo
    rows = json.loads(capsys.readouterr().out)
    configs = ROOT / 'configs'
    expected = {path.relative_to(configs) for path in configs.rglob('*.py')}
    expected = {path.as_posix() for path in expected if path.parts[0] != '_base_'}
    assert {row['config'] for row in rows} == expected
    for row in rows:
        assert f'| `{row["config"]}`' in zoo
        assert row['params_total'] >= row['params_trainable'] > 0
        assert row['full']['gmacs_iteration'] > 0


@pytest.mark.parametrize(
    'options',
    [
        [],
        ['configs/asl_mix/ucf51_1shot.py', '--all'],
        ['--all', '--convention', 'full'],
        ['--all', '--cfg-options', 'model.contrast=None'],
        ['configs/asl_mix/ucf51_1shot.py', '--zoo', 'model_zoo.md'],
    ],
)
def test_options_that_do_not_go_together(main, options, capsys):
    with pytest.raises(SystemExit) as error:
        main(options)
    assert error.value.code == 2
    assert ' error: ' in capsys.readouterr().err


def test_zoo_without_the_tables(main, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mmavssl.utils.cost_table.cost_rows', lambda folder, progress: [])
    file = tmp_path / 'zoo.md'
    file.write_text('# Model zoo\n')
    assert main(['--all', '--zoo', str(file)]) == 2
    assert 'one pair of lines' in capsys.readouterr().err
