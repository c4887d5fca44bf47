"""The commonest mistakes, on the command line: one message that names the thing and the remedy."""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmavssl.cli import main
from tests.test_tools.small_data import clips, supervised
from tests.test_tools.toy_plugin_files import TOY_CONFIG

ASL_MIX = 'asl_mix/avsprites_2shot.py'
CLIP = 1  # of the labeled list; not one of the three that are looked for before
NO_MEMORY = (
    'CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.7 GiB of '
    'which 1.1 GiB is free. See the documentation of memory management.'
)


@pytest.fixture
def said(capsys, monkeypatch) -> Callable[..., str]:
    """Return what runs a command that fails, and returns the one thing that it says."""
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.delenv('RANK', raising=False)
    runs = iter(range(100))

    def run(*command: str | Path) -> str:
        words = list(map(str, command))
        if words[0] in ('train', 'test'):  # MMEngine tells runs of a process by their names
            words += ['--cfg-options', f'experiment_name=m{os.getpid()}_{id(run)}_{next(runs)}']
        capsys.readouterr()
        assert main(words) == 2
        text = capsys.readouterr().err
        assert 'Traceback' not in text
        [line] = text.splitlines()
        return line

    return run


def save_other(path: str) -> None:
    torch.save({'state_dict': {'other.weight': torch.zeros(1)}, 'meta': {}}, path)


# The command and the config ----------------------------------------------------------------------


def test_misspelt_command(said):
    assert said('trian').startswith("mmavssl: there is no 'trian'. Did you mean 'train'? Known: ")
    assert "prepare: there is no 'ucf'. Did you mean 'ucf51'?" in said('prepare', 'ucf')


def test_wrong_path_of_a_config(said):
    assert said('train', 'asl_mix/avsprites_2shots.py') == (
        f"train: asl_mix/avsprites_2shots.py does not exist. Did you mean '{ASL_MIX}'?"
    )


def test_syntax_error_in_a_config(said, toy):
    Path('mine.py').write_text('model = dict(\n    type="A"\nrandomness = dict(seed=0)\n')
    line = said('train', 'mine.py')
    assert line.startswith('train: mine.py:')
    assert 'SyntaxError' in line
    assert line.endswith('Correct the config.')


def test_misspelt_key(said):
    line = said('train', ASL_MIX, '--cfg-options', 'model.mixer.alpa=3')
    assert line.startswith('train: model.mixer.alpa: TokenMix has no argument')
    assert "Did you mean 'alpha'?" in line


def test_misspelt_type(said):
    line = said('train', ASL_MIX, '--cfg-options', 'model.mixer.masker.type=TubeTokn')
    assert line.startswith("train: model.mixer.masker: 'TubeTokn' is not a masker.")
    assert "Did you mean 'TubeToken'?" in line


def test_option_that_nothing_reads(said):
    line = said('train', ASL_MIX, '--cfg-options', 'data_root=elsewhere')
    assert line.startswith('train: --cfg-options data_root: nothing reads `data_root`')
    assert ' Set train_dataloader.dataset.labeled.data_root ' in line


def test_plugin_that_is_not_on_the_path(said, toy):
    Path('mine.py').write_text(TOY_CONFIG.replace('toy_plugin', 'other_plugin'))
    line = said('train', 'mine.py')
    assert "No module named 'other_plugin'" in line
    assert line.endswith('PYTHONPATH must have the folder that holds it.')
    Path('other_plugin').mkdir()
    line = said('train', 'mine.py')
    assert line.endswith('It is in this folder: put PYTHONPATH=. before the command.')


def test_two_results_in_one_file(said):
    line = said('test', ASL_MIX, '--out', 'a.json', '--dump', './a.json')
    assert line == 'test: a.json cannot be both --out and --dump. Name two files.'


def test_checkpoint_to_fine_tune_that_is_not_there(said):
    line = said('train', ASL_MIX, '--fine-tune', 'nosuch.pth')
    assert line == 'train: --fine-tune: nosuch.pth does not exist. Correct the path.'


# The data ----------------------------------------------------------------------------------------


def test_wrong_data_root(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = said('train', ASL_MIX)
    assert line.startswith(f'train: data/avsprites does not exist in {tmp_path}; `train_data')
    assert '.labeled.data_root` names it. To prepare it: mmavssl sprites data/avsprites' in line


def test_wrong_path_of_a_video(said, data):
    path = clips(data / 'labeled.csv')[0]
    path.unlink()
    line = said('train', *supervised(data))
    assert line.startswith(f'train: {path} does not exist; {data}/labeled.csv:2 lists it')
    assert 'To prepare the data: mmavssl sprites' in line


@pytest.mark.parametrize(
    ('what', 'message', 'remedy'),
    [
        ('damaged', ': cannot read video: ', 'fetch or convert it again.'),
        ('silent', ' has no sound, which this model needs.', 'Take it out of the list'),
    ],
)
def test_unusable_video(said, data, remove_sound, what, message, remedy):
    path = clips(data / 'labeled.csv')[CLIP]
    if what == 'silent':
        remove_sound(path)
    else:
        path.write_bytes(path.read_bytes()[:200])
    line = said('train', *supervised(data))
    assert line.startswith(f'train: {path}{message}')
    assert remedy in line


def test_label_out_of_range(said, data):
    manifest = data / 'labeled.csv'
    manifest.write_text(manifest.read_text().replace(',2\n', ',8\n'))
    line = said('train', *supervised(data))
    assert line.startswith(f'train: {manifest}:4: label 8 is out of range: there are 8 classes')
    assert 'Correct the label' in line


def test_wrong_number_of_classes(said, data):
    line = said('train', *supervised(data, 'model.student.head.num_classes=7'))
    assert line.startswith('train: model.student.head.num_classes: expected 8, the number of ')
    assert 'Set model.student.head.num_classes=8' in line


def test_class_without_enough_labeled_clips(said, data):
    line = said('split', data / 'manifest_test.csv', '--shots', '9')
    assert f"{data}/manifest_test.csv: Class 'ball_bell' has 1 clips, fewer than 9 shots." in line
    assert 'Lower `shots`' in line


def test_split_that_is_there_already(said, avsprites_root, tmp_path):
    out = tmp_path / 'split'
    shutil.copytree(avsprites_root / 'splits/1shot_seed0', out)
    command = ('split', avsprites_root / 'manifest_train.csv', '--shots', '1', '--seed', '5')
    line = said(*command, '--out', out)
    assert line.startswith(f'split: {out} holds another split (')
    assert 'Choose another `--out`, or `--overwrite` it.' in line


def test_folder_without_videos(said, tmp_path):
    line = said('prepare', 'folder', tmp_path, tmp_path / 'out')
    assert line.startswith(f'prepare folder: {tmp_path} has 0 video files')
    assert 'Expected video files in train/<class>/ and test/<class>/' in line


# Checkpoints -------------------------------------------------------------------------------------


def test_checkpoint_of_another_model(said, toy):
    save_other('other.pth')
    line = said('test', 'toy.py', 'other.pth')
    assert line.startswith('test: other.pth does not fit the config: it lacks layer.weight, ')
    assert 'Name the config that it was trained with' in line


def test_damaged_checkpoint(said, toy):
    save_other('cut.pth')
    content = Path('cut.pth').read_bytes()
    Path('cut.pth').write_bytes(content[: len(content) // 2])
    line = said('test', 'toy.py', 'cut.pth')
    assert line.startswith('test: cut.pth ')
    assert f'it has {len(content) // 2} bytes. Download or copy it again.' in line


def test_test_without_a_checkpoint(said, toy):
    line = said('test', 'toy.py')
    assert 'test: The model has 2 tensors to load, such as layer.weight. Name the chec' in line
    assert 'mmavssl test CONFIG CHECKPOINT' in line


def test_resume_from_what_is_not_there(said, toy):
    assert said('train', 'toy.py', '--resume', 'epoch_9.pth') == (
        'train: epoch_9.pth does not exist. Download or train it first, or correct the path.'
    )


def test_localizer_without_its_checkpoint(said, avsprites_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = ('train_dataloader.dataset.labeled', 'train_dataloader.dataset.unlabeled')
    roots = [f'{part}.data_root={avsprites_root}' for part in (*parts, 'val_dataloader.dataset')]
    line = said('train', 'asl_mix/avsprites_1shot.py', '--cfg-options', *roots)
    assert '`model.mixer.masker.localizer.init_cfg.checkpoint` names it' in line
    assert line.endswith('To prepare it: mmavssl train configs/localizers/fnac_avsprites.py')


# The machine -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('tool', 'remedies'),
    [
        ('train', ['train_dataloader.batch_size=', '--amp']),
        ('test', ['test_dataloader.batch_size=1']),
    ],
)
def test_gpu_without_enough_memory(said, toy, monkeypatch, tool, remedies):
    def run_out(self, *args, **kwargs):
        raise torch.OutOfMemoryError(NO_MEMORY)

    monkeypatch.setattr('mmengine.model.BaseModel.train_step', run_out)
    monkeypatch.setattr('mmengine.model.BaseModel.test_step', run_out)
    state = {'layer.weight': torch.zeros(1, 3), 'layer.bias': torch.zeros(1)}
    torch.save({'state_dict': state, 'meta': {}}, 'epoch_1.pth')
    line = said(tool, 'toy.py', *(['epoch_1.pth'] if tool == 'test' else []))
    assert line.startswith(f'{tool}: The GPU has too little memory (CUDA out of memory. Tried to ')
    for remedy in remedies:
        assert remedy in line


def test_cuda_that_is_not_there(said, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    line = said('maps', ASL_MIX, 'maps', '--device', 'cuda:77')
    assert line.startswith("maps: device 'cuda:77': ")
    assert 'Take cpu, cuda or cuda:1, or see what `python -m mmavssl info` says of GPUs.' in line


def test_launcher_that_has_not_started_the_process(said, toy):
    line = said('train', 'toy.py', '--launcher', 'pytorch')
    assert line.startswith('train: --launcher pytorch: the environment lacks RANK, WORLD_SIZE, ')
    assert line.endswith('with torchrun or tools/dist_train.sh, or leave --launcher out.')


@pytest.mark.parametrize('error', ['in_the_way', 'not_allowed'])
def test_work_dir_that_cannot_be_written(said, toy, monkeypatch, error):
    work_dir = 'toy.py/run'
    if error == 'not_allowed':  # root may write everywhere
        work_dir = 'locked'

        def refuse(path, *args, **kwargs):
            raise PermissionError(errno.EACCES, 'Permission denied', str(path))

        monkeypatch.setattr('mmengine.mkdir_or_exist', refuse)
    line = said('train', 'toy.py', '--work-dir', work_dir)
    assert line.startswith(f'train: {toy}/{work_dir}: ')
    assert 'Name another path (of files to write: --work-dir, ' in line


def test_full_disk(said, toy, monkeypatch):
    Path('mine.py').write_text(
        f"{TOY_CONFIG}default_hooks.update(checkpoint=dict(type='SafeCheckpointHook'))\n"
    )

    def refuse(file):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', refuse)
    line = said('train', 'mine.py', '--work-dir', 'run')
    assert line.startswith(f'train: {toy}/run/epoch_1.pth was not written: the disk is full (')
    assert line.endswith('Make room, and go on with --resume.')


def test_optional_package_that_is_missing(said, toy, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxscript', None)
    save_other('other.pth')
    line = said('export', ASL_MIX, 'other.pth', 'a.onnx')
    assert line.startswith('export: Writing .onnx needs onnx and onnxscript (')
    assert line.rstrip('.').endswith('To install: pip install onnx onnxscript')


def test_package_that_is_missing(said, toy, monkeypatch):
    monkeypatch.setitem(sys.modules, 'safetensors.torch', None)
    monkeypatch.delitem(sys.modules, 'mmavssl.utils.weight_writers', raising=False)  # has it
    line = said('publish', 'other.pth', 'other.safetensors', '--config', ASL_MIX)
    assert line.startswith('publish: ')
    assert 'safetensors' in line
    assert 'python -m mmavssl info lists the packages that are missing or broken' in line
