"""Grid files: what they may say, and those that are shipped."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.apis.grid.config_hash import config_hash
from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.moves import moved_options, options_of_run
from mmavssl.evaluation.functional.localization import mask_precision
from mmavssl.registry import DATASETS, MASKERS
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / 'benchmarks/grids').glob('*.py'))


def test_seeds_stand_in_options_and_commands(place):
    grid = read_grid(place.grid_file)
    assert [row.name for row in grid.rows] == ['one', 'two']
    assert grid.options_of(grid.rows[1], 7) == ['randomness.seed=7', 'log_level=INFO']
    (step,) = grid.prepare
    assert [part.command for part in step.of_seeds([3, 5])] == [
        'python make.py made_3', 'python make.py made_5',
    ]  # fmt: skip
    assert [row.name for row in grid.choose(['two'])] == ['two']


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ("title = 'A", "titel = 'A", r"grid\.py: Grid has no argument 'titel'. Did you mean"),
        ("name = 'small'", 'x_ = 1', r"no argument 'x_'"),
        ("title = 'A small grid'\n", '', r'grid\.py: Grid needs `title`'),
        ("config='configs/one.py'", "confg='c'", r"rows\[0\]: Row has no argument 'confg'"),
        ('paper=66.72', "paper='66'", r'rows\[1\]: Row expects `paper` to be a number'),
        ("name='two'", "name='one'", r"two rows 'one'"),
        ("name='two'", "name='../x'", r"letters, digits and underscores, but got '\.\./x'"),
        ("baseline = 'one'", "baseline = 'tow'", r"'tow' is no row. Did you mean 'two'"),
        ("seed={seed}'", "seed=1'", r"nothing of the row 'one' depends on the seed"),
        ("paper = 'UCF-51'\n", '', r'`paper` of the grid does not say what it is of'),
        ("seeds = [0, 1]", 'seeds = [x]', r"grid\.py:\d+: NameError: name 'x'"),
        ("seeds = [0, 1]", "_base_ = 'no.py'", r'grid\.py: `_base_` names .*/no\.py, which does'),
        ("rows = [\n", "rows = 'x'\n_y = [", r'Grid expects `rows` to be a list'),
    ],
)  # fmt: skip
def test_mistakes(place, old, new, message):
    text = place.grid_file.read_text()
    assert old in text
    place.grid_file.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        read_grid(place.grid_file)


def test_hash_follows_options_and_not_the_place(place, tmp_path):
    def digest(*options, test_options=(), root=place.root):
        return config_hash(root / 'configs/two.py', options, test_options, root)

    assert digest() == digest() == digest('work_dir=elsewhere', 'log_level=DEBUG')
    assert len({digest(), digest('randomness.seed=1'), digest('model.kind=a')}) == 3
    assert digest() != digest(test_options=['model.kind=a'])
    assert digest('model.kind=a') == digest('model.kind=a', 'randomness.seed=0')
    path = place.root / 'data/x'
    assert digest(f'model.kind={path}') == digest('model.kind=data/x')


@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_shipped_grids(path):
    grid = read_grid(path)
    assert path.stem == grid.name
    split = '1shot_seed3' if grid.name.endswith('1shot') else '2shot_seed3'
    for row in grid.rows:
        options = options_of_run(grid, row, 3, ROOT)
        cfg = load_config(str(ROOT / row.config), [*options, *row.test_options])
        check_config(cfg)
        assert cfg.randomness.seed == 3
        assert moved_options(cfg.to_dict(), grid.moves) == []  # nothing is left behind
        if grid.moves:
            assert cfg.test_dataloader.dataset.data_root == grid.moves['data/avsprites']
        if 'labeled' in cfg.train_dataloader.dataset:
            for name in ('labeled', 'unlabeled'):
                lists = cfg.train_dataloader.dataset[name].ann_file
                assert lists == f'splits/{split}/{name}.csv'
        else:
            assert cfg.train_dataloader.dataset.ann_file == f'splits/{split}/labeled.csv'


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ('table1_small asl_mix', 'table2_small asl_mix'),
        ('table1_small svformer_flex', 'table2_small svformer_flex'),
        ('controls_small fnac', 'table2_small asl_mix'),
        ('controls_small tube', 'table2_small av_tube_contrast'),
    ],
)
def test_grids_share_runs(one, other):
    hashes = set()
    for name, row in (one.split(), other.split()):
        grid = read_grid(ROOT / f'benchmarks/grids/{name}.py')
        (row,) = grid.choose([row])
        options = grid.options_of(row, 0)
        hashes.add(config_hash(ROOT / row.config, options, row.test_options, ROOT))
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ('name', 'localizer'),
    [('small_source', 'fnac_small_source'), ('silent_classes', 'fnac_avsprites')],
)
def test_controls_on_other_clips(name, localizer):
    """The same rows, on what the grid's own commands make."""
    grid, controls = (
        read_grid(ROOT / f'benchmarks/grids/{each}.py') for each in (name, 'controls_small')
    )
    assert all(row in controls.rows for row in grid.rows)
    (row,) = grid.choose(['fnac'])
    cfg = load_config(str(ROOT / row.config), options_of_run(grid, row, 0, ROOT))
    checkpoint = cfg.model.mixer.masker.localizer.init_cfg.checkpoint
    assert checkpoint == f'work_dirs/localizers/{localizer}/epoch_6.pth'
    unlabeled = cfg.train_dataloader.dataset.unlabeled
    made = {step.makes for part in grid.prepare for step in part.of_seeds([0])}
    assert {
        checkpoint,
        f'{unlabeled.data_root}/manifest_train.csv',
        f'{unlabeled.data_root}/{unlabeled.ann_file}'.removesuffix('/unlabeled.csv'),
    } <= made


def differences(one, other, path='', found=None):
    """Return the dotted paths of the values that two configs do not share."""
    found = [] if found is None else found
    for key in {*one, *other}:
        a, b = one.get(key), other.get(key)
        here = f'{path}.{key}' if path else key
        if isinstance(a, dict) and isinstance(b, dict):
            differences(a, b, here, found)
        elif a != b:
            found.append(here)
    return found


@pytest.mark.parametrize(
    ('variant', 'expected'),
    [
        ('ablations/avsprites_2shot_asl_mask', {'model.contrast'}),
        (
            'ablations/avsprites_2shot_av_tube_contrast',
            {'model.mixer.alpha', 'model.mixer.masker.type', 'model.mixer.masker.localizer'},
        ),
        (
            'ablations/avsprites_2shot_av_tube',
            {
                'model.mixer.alpha', 'model.mixer.masker.type', 'model.mixer.masker.localizer',
                'model.contrast',
            },
        ),
    ],
)  # fmt: skip
def test_ablations_change_what_they_are_about(variant, expected):
    default, other = (
        load_config(str(ROOT / f'configs/asl_mix/{name}.py')).to_dict()
        for name in ('avsprites_2shot', variant)
    )
    assert set(differences(default, other)) == {*expected, 'work_dir'}


@pytest.mark.parametrize('name', ['uniform', 'center_prior', 'oracle'])
def test_controls_change_the_localizer_alone(name):
    default = load_config(str(ROOT / 'configs/asl_mix/avsprites_2shot.py')).to_dict()
    other = load_config(
        str(ROOT / f'configs/asl_mix/controls/avsprites_2shot_{name}.py')
    ).to_dict()
    unlabeled = [
        cfg['train_dataloader']['dataset']['unlabeled'].pop('pipeline') for cfg in (default, other)
    ]
    localizer = other['model']['mixer']['masker']['localizer']
    assert localizer['size'] == 8  # as many cells as the video has patches
    assert set(localizer) == {'type', 'size'}
    for cfg in (default, other):
        for key in ('work_dir', 'strong_view', 'unlabeled_pipeline'):  # nothing reads these
            del cfg[key]
        del cfg['model']['mixer']['masker']['localizer']
    assert other == default
    if name != 'oracle':
        assert unlabeled[0] == unlabeled[1]
        return
    strong = unlabeled[1][1]['strong']
    (boxes,) = [step for step in strong if step['type'] == 'LoadBoxes']
    assert strong.index(boxes) == [step['type'] for step in strong].index('Flip') + 1
    strong.remove(boxes)
    assert unlabeled[0] == unlabeled[1]


def test_oracle_draws_from_the_boxes(avsprites_root, tmp_path, monkeypatch):
    """The masks that training draws, against those by chance."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/avsprites').symlink_to(avsprites_root)
    monkeypatch.chdir(tmp_path)
    init_default_scope('mmavssl')
    precisions = {}
    for name in ('oracle', 'uniform'):
        cfg = load_config(str(ROOT / 'configs/asl_mix/controls/avsprites_2shot_oracle.py'))
        clips = cfg.train_dataloader.dataset.unlabeled
        clips.ann_file = 'splits/1shot_seed0/unlabeled.csv'
        views = [DATASETS.build(clips)[index]['inputs']['strong'] for index in range(8)]
        boxes, frames = (torch.stack([view[key] for view in views]) for key in ('boxes', 'video'))
        assert boxes.shape == (8, 4, 4)
        other = load_config(str(ROOT / f'configs/asl_mix/controls/avsprites_2shot_{name}.py'))
        masker = MASKERS.build(other.model.mixer.masker)
        frames = frames.transpose(1, 2) / 255
        mask = masker(torch.full((8,), 1 / 16), (4, 8, 8), frames=frames, audio=boxes).mask
        found = mask_precision(mask.flatten(0, 1), boxes.flatten(0, 1).clamp(0, 1), (8, 8))
        precisions[name] = found.nanmean().item()
    assert precisions['oracle'] > 2 * precisions['uniform'] > 0
