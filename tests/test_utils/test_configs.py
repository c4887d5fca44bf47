from pathlib import Path

import pytest

from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

PAGE = Path(__file__).parents[2] / 'docs/configs.md'
TEXT = """
root = 'data'
custom_hooks = []
model = dict(type='A', size=3, rates=[0.1, 0.2])
train_dataloader = dict(dataset=dict(root=root))
param_scheduler = [dict(type='MultiStepLR', milestones=[1, 2])]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / 'method').mkdir()
    path = tmp_path / 'method' / 'ucf51_1shot.py'
    path.write_text(TEXT)
    return str(path)


def test_options_are_parsed_and_merged(config):
    options = [
        'model.size=4',
        'model.rates=[0.5,1]',
        'param_scheduler.0.milestones=[7]',
        'resume=True',
    ]
    cfg = load_config(config, options, launcher='pytorch')
    assert cfg.model.to_dict() == {'type': 'A', 'size': 4, 'rates': [0.5, 1]}
    assert cfg.param_scheduler[0].milestones == [7]
    assert cfg.resume is True
    assert cfg.launcher == 'pytorch'
    assert cfg.default_scope == 'mmavssl'


@pytest.mark.parametrize('quote', ['', '"', "'"])
def test_constants_are_no_strings_with_quotes_either(config, quote):
    """As docs/configs.md says; a file can have such a string."""
    values = [f'{quote}{value}{quote}' for value in ('inf', 'None', 'true', '1e3')]
    options = [f'model.rates=[{",".join(values)}]', f'model.size={quote}nan{quote}']
    cfg = load_config(config, options)
    assert cfg.model.rates == [float('inf'), None, True, 1000.0]
    assert cfg.model.size != cfg.model.size
    assert '`nan`, `inf`, `None`, `true` and `1e3` are never strings' in PAGE.read_text()
    Path(config).write_text(TEXT.replace('size=3', "size='nan'"))
    assert load_config(config).model.size == 'nan'


def test_work_dir_has_the_folder_of_the_config(config, tmp_path):
    assert load_config(config).work_dir == 'work_dirs/method/ucf51_1shot'
    assert load_config(config, ['work_dir=mine']).work_dir == 'mine'
    assert load_config(config, ['work_dir=mine'], work_dir='given').work_dir == 'given'


def test_data_preprocessor_may_stand_beside_the_model(config):
    Path(config).write_text(f'{TEXT}data_preprocessor = dict(channel_dropout=0.2)\n')
    assert load_config(config).model.data_preprocessor == dict(channel_dropout=0.2)
    assert load_config(config, ['model.data_preprocessor.a=1']).model.data_preprocessor == {'a': 1}


def test_missing_file_names_the_nearest(config):
    wrong = config.replace('ucf51', 'uc51')
    with pytest.raises(ConfigError) as caught:
        load_config(wrong)
    assert str(caught.value) == f'{wrong} does not exist. Did you mean {config!r}?'


def test_option_without_value(config):
    with pytest.raises(ConfigError, match=r"KEY=VALUE, but got 'model\.size'"):
        load_config(config, ['model.size'])


def test_option_that_nothing_reads(config):
    with pytest.raises(ConfigError) as caught:
        load_config(config, ['root=elsewhere'])
    assert str(caught.value) == (
        '--cfg-options root: nothing reads `root` after the config file. '
        'Set train_dataloader.dataset.root.'
    )
    with pytest.raises(ConfigError, match="Did you mean 'model'"):
        load_config(config, ['modl.size=3'])


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('param_scheduler.1.type=B', '`param_scheduler` is a list, .* from 0 to 0, not .1.'),
        ('param_scheduler.x.type=B', ".* from 0 to 0, not 'x'"),
        ('param_scheduler.-1.type=B', ".* from 0 to 0, not '-1'"),
        ('model.size.width=4', '`model.size` is 3, which has no keys.* model.size._delete_=True'),
        ('model.rates.2=4', '`model.rates` is a list'),
        ('custom_hooks.0.type=B', r"`custom_hooks` is .* a number \(but it is empty\), not '0'"),
    ],
)
def test_option_of_a_place_that_is_not_there(config, option, message):
    with pytest.raises(ConfigError, match=f'^--cfg-options {option.partition("=")[0]}: {message}'):
        load_config(config, [option])


@pytest.mark.parametrize(
    'value', ['(0.9,0.95', '[0.9,0.95]]', '[dict(type=A,end=5)]', '[dict(type="A",end=5)]']
)
def test_option_that_cannot_be_read(config, value):
    with pytest.raises(ConfigError) as error:
        load_config(config, ['resume=False', f'model.rates={value}'])
    assert str(error.value).startswith(f'--cfg-options model.rates: {value} cannot be read. ')


def test_options_that_replace_what_is_there(config):
    cfg = load_config(config, ['model.size._delete_=True', 'model.size.width=4', 'model.new.a=1'])
    assert cfg.model.to_dict() == {
        'type': 'A', 'size': {'width': 4}, 'rates': [0.1, 0.2], 'new': {'a': 1},
    }  # fmt: skip


def test_plugin_that_does_not_import(config):
    Path(config).write_text("custom_imports = dict(imports=['no_such_plugin'])\n")
    with pytest.raises(ConfigError, match="does not import: No module named 'no_such_plugin'"):
        load_config(config)


SEEDED = """
randomness = dict(seed=7)
train_dataloader = dict(dataset=dict(
    type='SemiSupervisedDataset',
    labeled=dict(type='mmavssl.AVDataset', pipeline=[dict(type='Flip')]),
    unlabeled=dict(type='AVDataset', seed=3),
))
val_dataloader = dict(dataset=dict(type='AVDataset'))
"""


def test_training_data_get_the_seed_of_the_run(config):
    Path(config).write_text(SEEDED)
    cfg = load_config(config)
    dataset = cfg.train_dataloader.dataset
    assert dataset.labeled.seed == 7
    assert dataset.unlabeled.seed == 3
    assert 'seed' not in dataset
    assert 'seed' not in dataset.labeled.pipeline[0]
    assert 'seed' not in cfg.val_dataloader.dataset
