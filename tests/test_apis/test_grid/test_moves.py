import pytest

from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.moves import moved_options
from mmavssl.apis.grid.report import section
from mmavssl.utils.errors import ConfigError

MOVES = {'data/a': 'elsewhere', 'work/x': 'work/y'}


@pytest.fixture
def moved(place):
    """The repository whose configs load a file each, with a grid that moves one of them."""
    for name in ('one', 'two'):
        config = place.root / f'configs/{name}.py'
        config.write_text(f"{config.read_text()}load_from = 'data/{name}/x.pth'\n")
    move(place, {'data/one': 'other', 'data/two': 'data/two'})
    return place


def move(place, moves):
    lines = place.grid_file.read_text().splitlines()
    lines = [line for line in lines if not line.startswith('moves')]
    place.grid_file.write_text('\n'.join([*lines, f'moves = {moves}', '']))


def test_paths_below_a_folder_that_has_moved():
    cfg = {
        'model': {'init_cfg': {'checkpoint': 'work/x/epoch_6.pth'}, 'depth': 3},
        'test_dataloader': {'pipeline': [{'file': 'data/a/b.npz'}, {'file': 'data/ab'}]},
        'load_from': 'data/a',
        'prepare_commands': {'data': 'data/a'},
        'a_variable': 'data/a/c',
    }
    assert moved_options(cfg, MOVES) == [
        'load_from=elsewhere',
        'model.init_cfg.checkpoint=work/y/epoch_6.pth',
        'test_dataloader.pipeline.0.file=elsewhere/b.npz',
    ]


def test_runs_of_a_grid_have_them(moved):
    moved.run()
    (trained, of_two, *_), (tested, *_) = moved.calls('train'), moved.calls('test')
    assert trained[1]['load_from'] == tested[-1]['load_from'] == 'other/x.pth'
    assert of_two[1]['load_from'] == 'data/two/x.pth'
    assert 'load_from=other/x.pth' in moved.records()['one', 0]['options']


def test_moving_makes_another_config(moved):
    moved.run()
    moved.forget()
    move(moved, {'data/one': 'third', 'data/two': 'data/two'})
    moved.run(resume=True)
    assert [call[0] for call in moved.calls('train')] == ['configs/one.py'] * 2


def test_fresh_results_are_not_called_stale(moved):
    moved.run()
    records = [*moved.records().values()]

    def text():
        return section(read_grid(moved.grid_file), 'grid.py', 'results', records, moved.root)

    assert 'changed since' not in text()
    move(moved, {'data/one': 'third', 'data/two': 'data/two'})
    assert 'changed since** (`--resume` runs them anew): one_0, one_1.' in text()


def test_a_row_that_would_run_on_the_data_as_they_are(moved):
    move(moved, {'data/one': 'other'})
    words = r"two\.py \(row 'two' of small\) .*`moves` .*: data/one"
    with pytest.raises(ConfigError, match=words):
        moved.run()
    assert moved.calls('train') == []
