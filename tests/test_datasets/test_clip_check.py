from pathlib import Path

import pytest
from mmengine.config import Config

from mmavssl.datasets import AVDataset
from mmavssl.datasets.clip_check import check_clips
from mmavssl.registry import DATASETS
from mmavssl.utils.errors import ConfigError, DataError


def make_config(root: Path, manifest: str, **keys) -> Config:
    (root / 'classes.txt').write_text('a\nb\n')
    (root / 'list.csv').write_text(manifest)
    for name in ('1.mp4', '2.mp4', '3.mp4'):
        (root / name).touch()
    dataset = {'type': 'AVDataset', 'data_root': str(root), 'ann_file': 'list.csv', **keys}
    return Config({'train_dataloader': {'dataset': {'labeled': dataset}}})


def test_existing_clips_pass(tmp_path):
    cfg = make_config(tmp_path, 'path,label\n1.mp4,0\n2.mp4,1\n3.mp4,1\n')
    check_clips(cfg, ('train_dataloader', 'val_dataloader'))


@pytest.mark.parametrize('indices', [0, []])
def test_indices_of_no_clip(tmp_path, indices):
    cfg = make_config(tmp_path, 'path,label\n1.mp4,0\n2.mp4,1\n', indices=indices)
    with pytest.raises(ConfigError) as caught:
        check_clips(cfg, ('train_dataloader',))
    assert str(caught.value) == (
        f'train_dataloader.dataset.labeled.indices: {indices} leaves none of the 2 clips of '
        f'{tmp_path}/list.csv. Name some, or leave it out.'
    )


@pytest.mark.parametrize('line', [2, 3, 4])
def test_missing_clip_names_file_list_key_and_command(tmp_path, line):
    names = ['1.mp4', '2.mp4', '3.mp4']
    names[line - 2] = 'gone.mp4'
    manifest = 'path,label\n' + ''.join(f'{name},0\n' for name in names)
    cfg = make_config(tmp_path, manifest)
    cfg.prepare_commands = {'data': 'make data'}
    with pytest.raises(DataError) as caught:
        check_clips(cfg, ('train_dataloader',))
    assert str(caught.value) == (
        f'{tmp_path}/gone.mp4 does not exist; {tmp_path}/list.csv:{line} lists it, relative to '
        '`train_dataloader.dataset.labeled.data_root`. To prepare the data: make data'
    )


def test_command_of_the_data_set_goes_before(tmp_path):
    cfg = make_config(tmp_path, 'path,label\ngone.mp4,0\n', prepare_command='make base')
    cfg.prepare_commands = {'data': 'make data'}
    with pytest.raises(DataError, match=r'To prepare the data: make data$'):
        check_clips(cfg, ('train_dataloader',))
    cfg.train_dataloader.dataset.labeled.prepare_command = f'make {tmp_path}/'
    with pytest.raises(DataError, match=rf'To prepare the data: make {tmp_path}/$'):
        check_clips(cfg, ('train_dataloader',))


def test_missing_sound_file(tmp_path):
    cfg = make_config(tmp_path, 'path,label,audio_path\n1.mp4,0,gone.wav\n')
    with pytest.raises(DataError, match=r'gone\.wav does not exist'):
        check_clips(cfg, ('train_dataloader',))


@DATASETS.register_module()
class OwnClips(AVDataset):
    """A data set of a plugin."""


@pytest.mark.parametrize('kind', ['mmavssl.AVDataset', AVDataset, 'OwnClips'])
def test_the_data_set_may_be_named_in_any_way(tmp_path, kind):
    cfg = make_config(tmp_path, 'path,label\ngone.mp4,0\n', type=kind)
    with pytest.raises(DataError, match=r'gone\.mp4 does not exist'):
        check_clips(cfg, ('train_dataloader',))


def test_other_data_sets_are_left_alone(tmp_path):
    cfg = make_config(tmp_path, 'path,label\ngone.mp4,0\n', type='PluginDataset')
    check_clips(cfg, ('train_dataloader',))


def test_fault_in_a_list_comes_before_its_clips(tmp_path):
    cfg = make_config(tmp_path, 'path,label\ngone.mp4,2\n')
    with pytest.raises(DataError, match=r'list\.csv:2: label 2 is out of range: .* 0 to 1\.'):
        check_clips(cfg, ('train_dataloader',))
    cfg = make_config(tmp_path, 'path,label\n')
    with pytest.raises(DataError, match=r'list\.csv lists no clip'):
        check_clips(cfg, ('train_dataloader',))


@pytest.mark.parametrize('num_classes', [1, 3])
def test_head_must_have_an_output_for_each_class(tmp_path, num_classes):
    cfg = make_config(tmp_path, 'path,label\n1.mp4,0\n')
    head = {'type': 'ClsHead', 'num_classes': num_classes}
    cfg.model = {'student': {'head': head}}
    with pytest.raises(ConfigError) as caught:
        check_clips(cfg, ('train_dataloader',))
    assert str(caught.value) == (
        f'model.student.head.num_classes: expected 2, the number of classes in '
        f'{tmp_path}/classes.txt (`train_dataloader.dataset.labeled.classes_file`), but got '
        f'{num_classes}. Set model.student.head.num_classes=2, or name other classes.'
    )
    cfg.model.student.head.num_classes = 2
    check_clips(cfg, ('train_dataloader',))


@pytest.mark.parametrize(
    'model', [None, {'type': 'Plugin'}, {'student': {'head': {'type': 'PluginHead'}}}]
)
def test_models_without_such_a_head_are_left_alone(tmp_path, model):
    cfg = make_config(tmp_path, 'path,label\n1.mp4,0\n')
    cfg.model = model
    check_clips(cfg, ('train_dataloader',))
