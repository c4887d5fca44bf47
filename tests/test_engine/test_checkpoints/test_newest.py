import os
import zipfile
from pathlib import Path

import pytest
import torch

from mmavssl.engine.checkpoints import AtomicBackend, checkpoint_to_resume, newest_checkpoint
from mmavssl.engine.checkpoints.sidecar import Sidecar, describe_damage
from mmavssl.utils.errors import CheckpointError, ConfigError


class RunsCode:
    def __reduce__(self):
        return (os.mkdir, ('it_ran',))


def write(path, iterations, sidecar=True, **more):
    torch.save(
        {'meta': {'iter': iterations}, 'state_dict': {'a': torch.ones(999)}, **more}, path
    )
    if sidecar:
        AtomicBackend(epoch=1, iter=iterations).put(path.read_bytes(), path)
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b'')


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / 'iter_10.pth', 10)
    write(tmp_path / 'epoch_1.pth', 12)
    write(tmp_path / 'iter_9.pth', 9)
    write(tmp_path / 'best_top1_epoch_9.pth', 99)
    return tmp_path


def test_most_iterations(folder):
    assert newest_checkpoint(folder, pytest.fail) == folder / 'epoch_1.pth'


@pytest.mark.parametrize('sidecar', [True, False])
@pytest.mark.parametrize('damage', [cut, flip, empty])
def test_damaged_ones_are_passed_over_and_named(folder, damage, sidecar):
    newest = write(folder / 'iter_20.pth', 20, sidecar)
    assert newest_checkpoint(folder, pytest.fail) == newest
    damage(newest)
    told = []
    assert newest_checkpoint(folder, told.append) == folder / 'epoch_1.pth'
    [line] = told
    assert line.startswith(f'{newest} is passed over: ')
    assert line.endswith(f'. Going on from {folder / "epoch_1.pth"}.')


@pytest.mark.parametrize('sidecar', [True, False])
def test_code_is_passed_over_and_does_not_run(folder, monkeypatch, sidecar):
    monkeypatch.chdir(folder)
    write(folder / 'iter_20.pth', 20, sidecar, extra=RunsCode())
    told = []
    assert newest_checkpoint(folder, told.append) == folder / 'epoch_1.pth'
    assert 'could run code' in told[0]
    assert not Path('it_ran').exists()


def test_checkpoint_of_a_run_that_was_killed_before_its_sidecar(folder):
    newest = write(folder / 'iter_20.pth', 20, sidecar=False)
    assert newest_checkpoint(folder, pytest.fail) == newest


def test_none_that_can_be_used(folder):
    for path in folder.glob('*.pth'):
        cut(path)
    with pytest.raises(CheckpointError) as info:
        newest_checkpoint(folder, lambda text: None)
    assert f'{folder} has checkpoints, but none that can be used (' in str(info.value)
    assert 'iter_10.pth: it has ' in str(info.value)


def test_no_checkpoint(tmp_path):
    assert newest_checkpoint(tmp_path, pytest.fail) is None
    assert newest_checkpoint(tmp_path / 'nowhere', pytest.fail) is None
    assert checkpoint_to_resume(str(tmp_path), None) is None


def test_named_checkpoint_must_be_whole(folder, capsys):
    path = folder / 'iter_9.pth'
    assert checkpoint_to_resume('nowhere', str(path)) == str(path)
    flip(path)
    with pytest.raises(CheckpointError, match=r'iter_9\.pth cannot be used: its content has ch'):
        checkpoint_to_resume('nowhere', str(path))
    with pytest.raises(ConfigError, match=r'nowhere\.pth does not exist'):
        checkpoint_to_resume('nowhere', 'nowhere.pth')
    write(folder / 'iter_20.pth', 20)
    cut(folder / 'iter_20.pth')
    assert checkpoint_to_resume(str(folder), None) == str(folder / 'epoch_1.pth')
    assert 'iter_20.pth is passed over' in capsys.readouterr().err


def test_damage_of_an_archive_without_sidecar(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(torch.arange(10000), path)
    assert describe_damage(path) is None
    with zipfile.ZipFile(path) as archive:
        data = next(info for info in archive.infolist() if info.filename.endswith('data/0'))
    content = bytearray(path.read_bytes())
    content[data.header_offset + 1000] ^= 1
    path.write_bytes(content)
    assert describe_damage(path) == f'{data.filename} in it has changed'
    assert describe_damage(tmp_path / 'b.pth') == 'it cannot be read (No such file or directory)'


@pytest.mark.parametrize('text', ['', '[]', '{"sha256": "a"}', '{"more": 1}'])
def test_sidecar_that_cannot_be_used_is_none(folder, text):
    path = folder / 'epoch_1.pth'
    Sidecar.path_of(path).write_text(text)
    assert Sidecar.read(path) is None
    assert newest_checkpoint(folder, pytest.fail) == path
