import os
import random
import shutil
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


def write(path, iterations, sidecar=True, without=(), **more):
    content = {
        'meta': {'iter': iterations, 'epoch': 1}, 'state_dict': {'a': torch.ones(999)},
        'optimizer': {}, 'message_hub': {}, **more,
    }  # fmt: skip
    torch.save({name: value for name, value in content.items() if name not in without}, path)
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
    write(tmp_path / 'best_top1_epoch_9.pth', 99, without=['optimizer'])
    return tmp_path


def point_to(folder, path):
    (folder / 'last_checkpoint').write_text(str(path))


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
    assert checkpoint_to_resume(str(tmp_path), ['auto']) is None


def test_named_checkpoint_must_be_whole(folder, capsys):
    path = folder / 'iter_9.pth'
    assert checkpoint_to_resume('nowhere', [str(path)]) == str(path)
    flip(path)
    with pytest.raises(CheckpointError, match=r'iter_9\.pth cannot be used: its content has ch'):
        checkpoint_to_resume('nowhere', [str(path)])
    with pytest.raises(ConfigError, match=r'nowhere\.pth does not exist'):
        checkpoint_to_resume('nowhere', ['nowhere.pth'])
    write(folder / 'iter_20.pth', 20)
    cut(folder / 'iter_20.pth')
    assert checkpoint_to_resume(str(folder), ['auto']) == str(folder / 'epoch_1.pth')
    assert 'iter_20.pth is passed over' in capsys.readouterr().err


@pytest.mark.parametrize('order', [1, -1])
def test_named_one_counts_until_the_run_has_saved(folder, tmp_path_factory, order):
    """What tools/slurm_train.sh gives a run that began from a named checkpoint."""
    other = tmp_path_factory.mktemp('other')
    named = write(other / 'start.pth', 5)
    wanted = ['auto', str(named)][::order]
    assert checkpoint_to_resume(str(other / 'new'), wanted) == str(named)
    assert checkpoint_to_resume(str(folder), wanted) == str(folder / 'epoch_1.pth')


def test_the_last_one_counts_not_the_one_of_most_iterations(folder):
    """That of more iterations is of a run that went on otherwise."""
    point_to(folder, folder / 'iter_10.pth')
    assert newest_checkpoint(folder, pytest.fail) == folder / 'iter_10.pth'
    told = []
    cut(folder / 'iter_10.pth')
    assert newest_checkpoint(folder, told.append) == folder / 'iter_9.pth'
    assert len(told) == 1
    point_to(folder, folder / 'gone.pth')
    assert newest_checkpoint(folder, told.append) == folder / 'epoch_1.pth'


@pytest.mark.parametrize('whole', [True, False])
@pytest.mark.parametrize('name', ['.', 'link'])
def test_folder_of_several_names(folder, monkeypatch, name, whole):
    """A damaged file is passed over, and named, once, whatever ``last_checkpoint`` calls it."""
    monkeypatch.chdir(folder)
    Path('link').symlink_to(folder)
    path = write(Path(name) / 'iter_20.pth', 20)
    point_to(folder, folder / path.name if whole else path.name)
    assert newest_checkpoint(Path(name), pytest.fail) == path
    cut(path)
    told = []
    assert newest_checkpoint(Path(name), told.append) == Path(name) / 'epoch_1.pth'
    [line] = told
    assert line.startswith(f'{path} is passed over: ')
    for other in Path(name).glob('*.pth'):
        cut(other)
    with pytest.raises(CheckpointError) as info:
        newest_checkpoint(Path(name), pytest.fail)
    assert str(info.value).count('iter_20.pth: ') == 1


def test_last_one_in_another_folder(folder, tmp_path_factory):
    """`checkpoint.out_dir` may be on another disk; a folder may have been moved."""
    other = tmp_path_factory.mktemp('other')
    named = write(other / 'iter_5.pth', 5)
    work_dir = other / 'work'
    work_dir.mkdir()
    point_to(work_dir, named)
    assert newest_checkpoint(work_dir, pytest.fail) == named
    point_to(folder, '/moved/away/iter_9.pth')
    assert newest_checkpoint(folder, pytest.fail) == folder / 'iter_9.pth'
    write(other / 'iter_4.pth', 4)
    named.unlink()
    assert newest_checkpoint(work_dir, pytest.fail) == other / 'iter_4.pth'
    point_to(work_dir, '/not/mounted/iter_5.pth')
    with pytest.raises(CheckpointError, match='whose folder is not there'):
        newest_checkpoint(work_dir, pytest.fail)


def test_copy_of_a_work_dir_goes_on_by_itself(folder, tmp_path_factory):
    """Though ``last_checkpoint``, a whole path, names that of the original."""
    copy = tmp_path_factory.mktemp('copies') / 'copy'
    point_to(folder, folder / 'iter_10.pth')
    shutil.copytree(folder, copy)
    assert newest_checkpoint(copy, pytest.fail) == copy / 'iter_10.pth'
    cut(copy / 'iter_10.pth')
    told = []
    assert newest_checkpoint(copy, told.append) == copy / 'iter_9.pth'
    assert len(told) == 1
    assert newest_checkpoint(folder, pytest.fail) == folder / 'iter_10.pth'
    (copy / 'iter_10.pth').unlink()
    assert newest_checkpoint(copy, pytest.fail) == folder / 'iter_10.pth'


def test_file_of_that_name_of_an_earlier_run_does_not_count(folder, tmp_path_factory):
    """Of a run with `checkpoint.out_dir`, whose folder says whose it is."""
    disk = tmp_path_factory.mktemp('disk')
    named = write(disk / 'iter_10.pth', 10)
    (disk / 'work_dir.txt').write_text(f'{folder}\n')
    point_to(folder, named)
    assert newest_checkpoint(folder, pytest.fail) == named
    (disk / 'work_dir.txt').write_text('/another/run\n')
    assert newest_checkpoint(folder, pytest.fail) == folder / 'iter_10.pth'


def test_weights_that_lie_beside_are_no_checkpoint(tmp_path):
    torch.save({'a': torch.ones(9)}, tmp_path / 'init.pth')
    torch.save({'state_dict': {'a': torch.ones(9)}}, tmp_path / 'other.pth')
    assert newest_checkpoint(tmp_path, pytest.fail) is None
    path = write(tmp_path / 'iter_1.pth', 1)
    assert newest_checkpoint(tmp_path, pytest.fail) == path


@pytest.mark.parametrize('part', ['optimizer', 'message_hub', 'meta'])
def test_weights_alone_are_not_enough(folder, part):
    path = write(folder / 'iter_20.pth', 20, sidecar=False, without=[part])
    with pytest.raises(CheckpointError, match=rf'cannot be used: it has no {part}, which a run'):
        checkpoint_to_resume('nowhere', [str(path)])
    told = []
    assert newest_checkpoint(folder, told.append) == folder / 'epoch_1.pth'


def test_sidecar_of_other_iterations(folder):
    facts = Sidecar.read(folder / 'iter_9.pth')
    facts._replace(iter=90).write(folder / 'iter_9.pth')
    told = []
    assert newest_checkpoint(folder, told.append) == folder / 'epoch_1.pth'
    assert 'iter_9.pth.json says that it has 90 iterations' in told[0]


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


@pytest.mark.parametrize('seed', range(60))
def test_any_flipped_bit_without_sidecar_is_no_traceback(folder, seed):
    newest = write(folder / 'iter_20.pth', 20, sidecar=False)
    content = bytearray(newest.read_bytes())
    rng = random.Random(seed)
    content[-rng.randrange(1, 400)] ^= 1 << rng.randrange(8)  # in the directory of the archive
    newest.write_bytes(content)
    found = newest_checkpoint(folder, lambda text: None)
    assert found in (newest, folder / 'epoch_1.pth')


@pytest.mark.parametrize(
    'text',
    ['', '[]', '{"sha256": "a"}', '{"more": 1}', '{"sha256":"a","size":1,"epoch":1,"iter":null}',
     '{"sha256":"a","size":1,"epoch":1,"iter":"200"}'],
)  # fmt: skip
def test_sidecar_that_cannot_be_used_is_none(folder, text):
    path = folder / 'epoch_1.pth'
    Sidecar.path_of(path).write_text(text)
    assert Sidecar.read(path) is None
    assert newest_checkpoint(folder, pytest.fail) == path
