from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.moves import moved_options
from mmavssl.apis.grid.report import section

MOVES = {'data/a': 'elsewhere', 'work/x': 'work/y'}


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


def test_runs_of_a_grid_have_them(place):
    place.grid_file.write_text(f"{place.grid_file.read_text()}moves = {{'data/one': 'other'}}\n")
    config = place.root / 'configs/one.py'
    config.write_text(f"{config.read_text()}load_from = 'data/one/x.pth'\n")
    place.run()
    (trained, of_two, *_), (tested, *_) = place.calls('train'), place.calls('test')
    assert trained[1]['load_from'] == tested[-1]['load_from'] == 'other/x.pth'
    assert 'load_from=other/x.pth' in place.records()['one', 0]['options']
    assert 'load_from' not in of_two[1]


def test_moving_makes_another_config(place):
    place.run()
    place.forget()
    config = place.root / 'configs/one.py'
    config.write_text(f"{config.read_text()}load_from = 'data/one/x.pth'\n")
    place.run(resume=True)
    assert len(place.calls('train')) == 2
    place.forget()
    place.grid_file.write_text(f"{place.grid_file.read_text()}moves = {{'data/one': 'other'}}\n")
    place.run(resume=True)
    assert len(place.calls('train')) == 2


def test_fresh_results_are_not_called_stale(place):
    place.grid_file.write_text(f"{place.grid_file.read_text()}moves = {{'data/one': 'other'}}\n")
    config = place.root / 'configs/one.py'
    config.write_text(f"{config.read_text()}load_from = 'data/one/x.pth'\n")
    place.run()
    records = [*place.records().values()]

    def text():
        return section(read_grid(place.grid_file), 'grid.py', 'results', records, place.root)

    assert 'changed since' not in text()
    place.grid_file.write_text(place.grid_file.read_text().replace("'other'", "'third'"))
    assert 'changed since** (`--resume` runs them anew): one_0, one_1.' in text()
