"""``--safe-config`` of every tool that reads a config."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What else each needs, and where it says what it is of.
ARGUMENTS = {
    'train': [], 'test': [], 'export': ['w.pth', 'a.onnx'], 'data/browse': [],
    'data/precompute_maps': ['maps'], 'analysis/visualize_masks': ['--out', 'a.png'],
    'analysis/get_cost': [], 'analysis/replay_batch': ['record.json'],
}  # fmt: skip
#: Read the config of a run that its user has made just before.
OF_OWN_RUNS = {'docs/make_pictures'}
#: Take that of a checkpoint as well, by `inference_config`.
BY_INFERENCE = {'export'}


def test_all_tools_that_read_a_config():
    files = (ROOT / 'tools').rglob('*.py')
    reading = [file for file in files if 'load_config(' in file.read_text()]
    names = {file.relative_to(ROOT / 'tools').with_suffix('').as_posix() for file in reading}
    assert names == set(ARGUMENTS) - BY_INFERENCE | OF_OWN_RUNS
    for folder in ('mmavssl', 'tools'):
        for file in (ROOT / folder).rglob('*.py'):
            assert 'fromfile(' not in file.read_text() or file.name == 'configs.py', file


@pytest.mark.parametrize('tool', ARGUMENTS)
def test_program_is_not_run(tools, tool, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path('evil.py').write_text("x = open('pwned', 'w').name")
    assert tools(tool, 'evil.py', *ARGUMENTS[tool], '--safe-config') == 2
    written = capsys.readouterr()
    assert 'evil.py:1: --safe-config accepts data only, but here is an attribute' in written.err
    assert not Path('pwned').exists()


@pytest.mark.parametrize('tool', ARGUMENTS)
def test_help_says_that_a_config_is_code(tools, tool, capsys):
    with pytest.raises(SystemExit):
        tools(tool, '--help')
    said = ' '.join(capsys.readouterr().out.split())
    assert (
        '--safe-config accept the config only if it is data; otherwise it is Python code' in said
    )


def test_sound_config_is_tested_as_before(tools, tmp_path, monkeypatch, capsys):
    """Up to the data, which are not there: the file has passed."""
    monkeypatch.chdir(tmp_path)
    config = ROOT / 'configs/asl_mix/avsprites_2shot.py'
    for options in ([], ['--safe-config']):
        assert tools('train', config, *options) == 2
        assert 'train: data/avsprites does not exist' in capsys.readouterr().err
