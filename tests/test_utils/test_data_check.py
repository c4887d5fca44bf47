from pathlib import Path

import pytest
from mmengine.config import Config

from mmavssl.utils.data_check import check_files
from mmavssl.utils.errors import DataError

COMMANDS = {'data': 'make data', 'split': 'make split', 'localizer': 'train localizer'}


@pytest.fixture
def cfg(tmp_path: Path) -> Config:
    """A config whose files all exist."""
    (tmp_path / 'splits').mkdir()
    for name in ('classes.txt', 'splits/labeled.csv', 'splits/unlabeled.csv', 'test.csv', 'w.pth'):
        (tmp_path / name).touch()
    common = {'data_root': str(tmp_path), 'classes_file': 'classes.txt'}
    held_out = {'dataset': {**common, 'ann_file': 'test.csv'}}
    localizer = {'init_cfg': {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'w.pth')}}
    return Config(
        {
            'prepare_commands': COMMANDS,
            'train_dataloader': {
                'dataset': {
                    'labeled': {**common, 'ann_file': 'splits/labeled.csv'},
                    'unlabeled': {**common, 'ann_file': 'splits/unlabeled.csv'},
                }
            },
            'val_dataloader': held_out,
            'test_dataloader': held_out,
            'model': {
                'backbone': {'init_cfg': {'type': 'Pretrained', 'checkpoint': 'timm://vit'}},
                'mixer': {'masker': {'localizer': localizer}},
            },
        }
    )


def test_complete_config_passes(cfg):
    check_files(cfg)
    check_files(cfg, training=False)


@pytest.mark.parametrize(
    ('missing', 'key', 'command'),
    [
        ('splits/unlabeled.csv', 'train_dataloader.dataset.unlabeled.ann_file', 'make split'),
        ('classes.txt', 'train_dataloader.dataset.labeled.classes_file', 'make data'),
        ('test.csv', 'val_dataloader.dataset.ann_file', 'make data'),
        ('w.pth', 'model.mixer.masker.localizer.init_cfg.checkpoint', 'train localizer'),
    ],
)
def test_missing_file_names_path_key_and_command(cfg, tmp_path, missing, key, command):
    (tmp_path / missing).unlink()
    with pytest.raises(DataError) as caught:
        check_files(cfg)
    assert str(caught.value) == (
        f'{tmp_path / missing} does not exist; `{key}` names it. To prepare it: {command}'
    )


def test_missing_folder_comes_before_its_files(cfg):
    cfg.val_dataloader.dataset.data_root = 'nowhere'
    with pytest.raises(DataError) as caught:
        check_files(cfg)
    assert str(caught.value) == (
        f'nowhere does not exist in {Path.cwd()}; `val_dataloader.dataset.data_root` names it. '
        'To prepare it: make data'
    )


def test_command_of_the_dataset_goes_before(cfg, tmp_path):
    (tmp_path / 'test.csv').unlink()
    cfg.val_dataloader.dataset.prepare_command = f'my command {tmp_path}'
    with pytest.raises(DataError, match=rf'To prepare it: my command {tmp_path}$'):
        check_files(cfg)


def test_command_of_another_folder_is_of_a_base(cfg, tmp_path):
    """A config that moves a base's data set says what to run in `prepare_commands`."""
    (tmp_path / 'test.csv').unlink()
    cfg.val_dataloader.dataset.prepare_command = 'make_sprites data/sprites'
    with pytest.raises(DataError, match=r'To prepare it: make data$'):
        check_files(cfg)
    cfg.prepare_commands.pop('data')
    with pytest.raises(DataError, match=r'To prepare it: make_sprites data/sprites$'):
        check_files(cfg)


def test_without_a_command_the_key_is_to_be_corrected(cfg, tmp_path):
    (tmp_path / 'w.pth').unlink()
    cfg.pop('prepare_commands')
    with pytest.raises(DataError, match='Prepare it, or correct the key'):
        check_files(cfg)


def test_a_test_needs_neither_training_data_nor_weights(cfg, tmp_path):
    (tmp_path / 'splits/labeled.csv').unlink()
    (tmp_path / 'w.pth').unlink()
    check_files(cfg, training=False)
    (tmp_path / 'test.csv').unlink()
    with pytest.raises(DataError, match=r'test_dataloader\.dataset\.ann_file'):
        check_files(cfg, training=False)


def test_checkpoint_to_start_from(cfg):
    cfg.load_from = 'nowhere.pth'
    with pytest.raises(DataError, match=r'`load_from` names it'):
        check_files(cfg)


@pytest.mark.parametrize('scheme', ['http', 'https', 's3', 'torchvision', 'open-mmlab', 'ftp'])
def test_weights_are_not_downloaded_unchecked(cfg, scheme):
    """MMEngine compares no hash."""
    address = f'{scheme}://example.org/w.pth'
    for kind in ('Pretrained', 'mmengine.Pretrained'):
        cfg.model.backbone.init_cfg = {'type': kind, 'checkpoint': address}
        with pytest.raises(DataError) as caught:
            check_files(cfg)
        assert str(caught.value) == (
            f'{address}: `model.backbone.init_cfg.checkpoint` names an address, and nothing '
            'checks what comes from there. Download the file, compare its sha256 with the '
            'published one, and name its path.'
        )
    cfg.model = {}
    cfg.load_from = address
    with pytest.raises(DataError, match=r'`load_from` names an address'):
        check_files(cfg)
