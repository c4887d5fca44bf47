import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save as save_tensors
from torch import nn

from mmavssl.utils.checkpoints import check_checkpoint_fits, parameter_shapes, read_checkpoint
from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[2]


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


def save(path: Path, model: nn.Module, old_format: bool = False) -> str:
    content = {'state_dict': model.state_dict(), 'meta': {'epoch': 1}}
    torch.save(content, path, _use_new_zipfile_serialization=not old_format)
    return str(path)


@pytest.mark.parametrize('old_format', [False, True])  # of torch < 1.6
def test_shapes_come_without_values(tmp_path, old_format):
    path = save(tmp_path / 'a.pth', nn.Linear(3, 2), old_format)
    assert parameter_shapes(path) == {'weight': (2, 3), 'bias': (2,)}
    assert read_checkpoint(path, 'meta')['state_dict']['bias'].is_meta


@pytest.mark.parametrize('old_format', [False, True])
def test_code_is_refused(tmp_path, monkeypatch, old_format):
    monkeypatch.chdir(tmp_path)
    content = {'state_dict': {}, 'extra': RunsCode()}
    torch.save(content, 'evil.pth', _use_new_zipfile_serialization=not old_format)
    with pytest.raises(ConfigError, match=r'evil\.pth is not loaded.*could run code'):
        parameter_shapes('evil.pth')
    assert not Path('it_ran').exists()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is no file of weights, or was not written to its end'),
        (b'\x89PNG\r\n\x1a\n0000', 'is no file of weights, or was not written to its end'),
        (b'hello world', 'holds text, not weights'),
        (b'<!DOCTYPE html>', 'holds text, not weights'),
        (pickle.dumps({'state_dict': {}}, protocol=4), 'is a plain pickle, which could run code'),
        (save_tensors({'a': torch.zeros(3)}), 'is a file of safetensors, not of torch.save'),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        parameter_shapes(str(path))


@pytest.mark.parametrize(
    'content', [[1], {'state_dict': 3}, {'state_dict': {0: torch.zeros(1)}}, {1: torch.zeros(1)}]
)
def test_contents_without_tensors_by_name(tmp_path, content):
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ConfigError, match=r'a\.pth holds no checkpoint: expected'):
        parameter_shapes(str(tmp_path / 'a.pth'))


@pytest.mark.parametrize('old_format', [False, True])
@pytest.mark.parametrize('share', [0.999, 0.5, 0.1])
def test_half_written_file(tmp_path, old_format, share):
    path = Path(save(tmp_path / 'a.pth', nn.Linear(30, 20), old_format))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    for where in ('cpu', 'meta'):
        with pytest.raises(ConfigError, match='was not written to its end'):
            read_checkpoint(str(path), where)


def test_missing_file():
    with pytest.raises(ConfigError, match=r'^nowhere\.pth does not exist\.'):
        parameter_shapes('nowhere.pth')


def test_folder(tmp_path):
    with pytest.raises(ConfigError, match=r'is a folder\. Name the file that is meant\.'):
        parameter_shapes(str(tmp_path))


def test_fitting_checkpoint_may_have_more(tmp_path):
    path = save(tmp_path / 'a.pth', nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)))
    check_checkpoint_fits(nn.Sequential(nn.Linear(3, 2)), path)


def test_missing_and_wrong_parameters_are_named(tmp_path):
    path = save(tmp_path / 'a.pth', nn.Sequential(nn.Linear(3, 2)))
    with pytest.raises(ConfigError, match=r'it lacks 1\.weight, 1\.bias \(2 of 4 parameters\)'):
        check_checkpoint_fits(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)), path)
    with pytest.raises(ConfigError, match=r'0\.weight is \(2, 3\) instead of \(2, 5\) \(1 of 2'):
        check_checkpoint_fits(nn.Sequential(nn.Linear(5, 2)), path)


def test_buffers_and_parameters_kept_out_are_not_asked_for(tmp_path):
    path = save(tmp_path / 'a.pth', nn.Sequential(nn.Linear(3, 2)))
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    model.register_buffer('state', torch.zeros(3))

    def drop_second(module: nn.Module, state: dict, prefix: str, _: dict) -> None:
        for name in ('weight', 'bias'):
            del state[f'{prefix}1.{name}']

    model.register_state_dict_post_hook(drop_second)
    check_checkpoint_fits(model, path)


def test_something_must_fit_a_model_without_parameters(tmp_path):
    path = save(tmp_path / 'a.pth', nn.BatchNorm1d(3))
    with pytest.raises(ConfigError, match='it has 5 tensors, such as weight, but the model'):
        check_checkpoint_fits(nn.Flatten(), path)
    buffers = nn.BatchNorm1d(4, affine=False)
    buffers.num_batches_tracked = None
    with pytest.raises(ConfigError, match='but the model loads none of them'):
        check_checkpoint_fits(buffers, path)
    check_checkpoint_fits(nn.BatchNorm1d(3, affine=False), path)
    check_checkpoint_fits(nn.Flatten(), save(tmp_path / 'empty.pth', nn.Flatten()))


def test_parameters_that_the_model_saves_under_other_names_are_asked_for(tmp_path):
    model = nn.Sequential(nn.Linear(3, 2))

    def rename(module: nn.Module, state: dict, prefix: str, _: dict) -> None:
        state[f'{prefix}weight'] = state.pop(f'{prefix}0.weight')

    model.register_state_dict_post_hook(rename)
    check_checkpoint_fits(model, save(tmp_path / 'a.pth', model))
    with pytest.raises(ConfigError, match=r'it lacks weight \(1 of 2 parameters\)'):
        check_checkpoint_fits(model, save(tmp_path / 'b.pth', nn.Sequential(nn.Linear(3, 2))))
