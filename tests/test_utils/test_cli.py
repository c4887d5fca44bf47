import argparse
import os
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader, Dataset

from mmavssl.utils.cli import add_config_arguments, run_tool
from mmavssl.utils.errors import ConfigError, DataError


def parse(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    return parser.parse_args(argv)


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '')
    monkeypatch.delenv('RANK', raising=False)


def test_options_add_up():
    args = parse('--cfg-options', 'a=1', 'b=2', '--launcher', 'slurm', '--cfg-options', 'c=3')
    assert args.cfg_options == ['a=1', 'b=2', 'c=3']
    assert args.launcher == 'slurm'
    assert parse().cfg_options == []


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


def test_no_tool_runs_code_of_a_file(tmp_path, monkeypatch):
    """Not even where a package asks for it, as torchvision's download does."""
    monkeypatch.chdir(tmp_path)
    torch.save(RunsCode(), 'evil.pth')

    def job(args: argparse.Namespace) -> None:
        torch.load('evil.pth', weights_only=False)

    with pytest.raises(pickle.UnpicklingError):
        run_tool('train', job, parse())
    assert not Path('it_ran').exists()


@pytest.mark.parametrize('kind', [ConfigError, ValueError])
def test_message_of_a_run_is_one_line_and_its_traceback_in_the_log(
    capsys, tmp_path, kind
):
    file = tmp_path / 'run.log'

    def job(args: argparse.Namespace) -> None:
        MMLogger.get_instance('run', log_file=str(file))
        check = {'__name__': 'mmavssl.models'}
        exec('def check(kind): raise kind("Expected the map of A to be one.")', check)
        check['check'](kind)

    assert run_tool('train', job, parse()) == 2
    where = '' if kind is ConfigError else f' The traceback is in {file}.'
    assert capsys.readouterr().err == f'train: Expected the map of A to be one.{where}\n'
    assert 'Traceback (most recent call last)' in file.read_text()


@pytest.mark.parametrize('error', [ConfigError, DataError])
def test_mistake_of_the_user_is_one_line(capsys, error):
    def job(args: argparse.Namespace) -> None:
        raise error(f'{args.launcher}: wrong')

    assert run_tool('train', job, parse()) == 2
    assert capsys.readouterr().err == 'train: none: wrong\n'


def test_a_command_is_called_by_its_own_name(capsys, monkeypatch):
    def job(args: argparse.Namespace) -> None:
        raise ConfigError('Run tools/data/make_split.py.')

    monkeypatch.setattr('sys.argv', ['mmavssl prepare folder', 'videos'])
    assert run_tool('prepare_folder', job, parse()) == 2
    assert capsys.readouterr().err == 'prepare folder: Run mmavssl split.\n'


def test_only_the_first_process_reports(capsys, monkeypatch):
    def job(args: argparse.Namespace) -> None:
        raise ConfigError('wrong')

    for launcher, variable in [('pytorch', 'RANK'), ('slurm', 'SLURM_PROCID')]:
        monkeypatch.setenv(variable, '1')
        assert run_tool('train', job, parse('--launcher', launcher)) == 2
        assert capsys.readouterr().err == ''
    assert run_tool('train', job, parse()) == 2  # alone, whatever the variables say
    assert capsys.readouterr().err == 'train: wrong\n'


def test_a_process_that_has_joined_reports_as_well(capsys, monkeypatch):
    """A bad file is met by one of them alone."""

    def job(args: argparse.Namespace) -> None:
        raise DataError('a.mp4: broken')

    monkeypatch.setenv('RANK', '3')
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    assert run_tool('train', job, parse('--launcher', 'pytorch')) == 2
    assert capsys.readouterr().err == 'train (rank 3): a.mp4: broken\n'


class Broken(Dataset):
    def __getitem__(self, index):
        try:
            raise OSError('DataError: not this one')
        except OSError as error:
            raise DataError('a.mp4: broken') from error

    def __len__(self):
        return 1


def test_error_of_a_worker_is_one_line(capsys):
    loader = DataLoader(Broken(), num_workers=1)

    def job(args: argparse.Namespace) -> None:
        list(loader)

    assert run_tool('train', job, parse()) == 2
    assert capsys.readouterr().err == 'train: a.mp4: broken\n'


def test_other_errors_keep_their_traceback():
    def job(args: argparse.Namespace) -> None:
        raise RuntimeError('a bug')

    with pytest.raises(RuntimeError, match='a bug'):
        run_tool('train', job, parse())


@pytest.mark.parametrize('value', ['', ['a.mp4', '']])
def test_empty_text_is_refused(capsys, value):
    """It would be the folder one is in."""

    def job(args: argparse.Namespace) -> None:
        raise AssertionError

    assert run_tool('predict', job, argparse.Namespace(inputs=value, out=None)) == 2
    assert capsys.readouterr().err.startswith('predict: `inputs` is empty, as by a variable of')


def test_file_after_the_options_is_told(capsys):
    """Instead of the argument that is then missing."""
    with pytest.raises(SystemExit):
        parse('--cfg-options', 'a=1', 'my_config.py')
    assert "--cfg-options: expected KEY=VALUE, but got 'my_config.py'" in capsys.readouterr().err


def test_success():
    assert run_tool('train', lambda args: None, parse()) == 0
