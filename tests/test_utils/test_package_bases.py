import pytest
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from mmavssl.utils.config_files import find_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.package_bases import bases_of_the_package

BASE = 'supervised/avsprites_1shot.py'


@pytest.fixture
def mine(tmp_path):
    def write(base: str, more: str = '') -> str:
        path = tmp_path / 'mine.py'
        path.write_text(f"_base_ = '{base}'\n{more}")
        return str(path)

    return write


@pytest.mark.parametrize('safe', [False, True])
def test_same_config_as_the_base_but_for_what_it_changes(mine, safe):
    """No scope is put into it, which Runner would hand to functions."""
    cfg = load_config(mine(f'mmavssl::{BASE}', 'train_cfg = dict(max_epochs=7)'), safe=safe)
    base = load_config(BASE, ['train_cfg.max_epochs=7'], work_dir=cfg.work_dir)
    assert cfg.to_dict() == base.to_dict()


def test_parts_are_found_and_values_of_bases(mine):
    base, value = 'mmavssl::_base_/models/networks_lite0.py', 'x = {{_base_.lite0_fusion.type}}'
    assert load_config(mine(base, value)).x == 'ConcatFusion'


@pytest.mark.parametrize('safe', [False, True])
def test_one_that_is_not_there_names_the_nearest(mine, safe):
    with pytest.raises(ConfigError) as error:
        load_config(mine(f'mmavssl::{BASE}'.replace('1shot', '1shots')), safe=safe)
    assert 'mmavssl::supervised/avsprites_1shots.py does not exist' in str(error.value)
    assert f"Did you mean 'mmavssl::{BASE}'?" in str(error.value)


def test_mmengine_is_as_it_was():
    before = Config._get_cfg_path
    with bases_of_the_package():
        assert Config._get_cfg_path is not before
        assert Config._get_cfg_path('b.py', '/a/c.py') == ('/a/b.py', None)
    assert Config._get_cfg_path is before
    with pytest.raises(FileNotFoundError), bases_of_the_package():
        Config.fromfile('none.py')
    assert Config._get_cfg_path is before


def test_mmengine_knows_the_package():
    """As its hub and programs without `load_config` need."""
    assert MODULE2PACKAGE['mmavssl'] == 'mmavssl'


def test_name_of_a_command():
    """As a ``_base_`` has it; of a package that is misspelt, the nearest one."""
    assert find_config(f'mmavssl::{BASE}') == find_config(BASE)
    with pytest.raises(ConfigError, match=f"Did you mean 'mmavssl::{BASE}'"):
        find_config(f'mmavssl::{BASE}'.replace('1shot', '1shots'))


def test_package_that_is_misspelt(mine):
    with pytest.raises(ConfigError, match=r"no package 'mmavsl' with .*mean 'mmavssl'\?"):
        load_config(mine(f'mmavsl::{BASE}'))
