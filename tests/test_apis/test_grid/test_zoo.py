"""The model zoo against the files that its numbers are from."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from mmavssl.apis.grid import zoo
from mmavssl.apis.grid.grid_file import read_grid
from mmavssl.apis.grid.plots import draw_grid, plot_file
from mmavssl.apis.grid.published import FIGURE, published_accuracies
from mmavssl.apis.grid.quickstart_table import ROWS
from mmavssl.apis.grid.report import IMAGES, RESULTS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.localizer_table import table

ROOT = Path(__file__).parents[3]
METAFILE = """
Models:
  - Name: two
    Config: configs/two.py
    Metadata:
      Training Data: UCF-51
      Paper Table 1: {Top-1 (%): 72.50}
"""
# Table 1 of the paper: UCF-51, Kinetics-400 and VGGSound, with 1 and 5 labels per class.
TABLE_1 = {
    'tcl': (9.16, 25.93, 1.18, 2.26, 0.43, 0.66),
    'ltg': (16.51, 49.74, 0.46, 3.39, 0.37, 0.45),
    'avclr': (None, 50.1, None, None, None, None),
    'svformer': (60.75, 87.71, 16.01, 46.93, 14.87, 37.70),
    'svformer_flex': (63.58, 86.63, 16.69, 47.62, 15.98, 36.72),
    'asl_mix': (72.58, 89.09, 19.12, 48.64, 17.49, 38.00),
}
TABLE_2 = {
    'svformer_flex/ucf51_1shot': 63.58,
    'asl_mix/ablations/ucf51_1shot_av_tube': 66.72,
    'asl_mix/ablations/ucf51_1shot_av_tube_contrast': 68.52,
    'asl_mix/ablations/ucf51_1shot_asl_mask': 71.55,
    'asl_mix/ucf51_1shot': 72.58,
}
STALE_PLOT = (
    'docs/images/grid_small.png is not there, or of other results; `python tools/benchmark.py '
    'benchmarks/grids/small.py --report` writes it.'
)


@pytest.fixture(scope='module')
def results(new_place):
    """The small repository with results, a plot and a model zoo."""
    place = new_place
    place.results = place.root / RESULTS
    for folder in ('benchmarks/grids', 'configs/method', RESULTS):
        (place.root / folder).mkdir(parents=True)
    shutil.copy(place.grid_file, place.root / 'benchmarks/grids/small.py')
    (place.root / 'configs/method/metafile.yml').write_text(METAFILE)
    for name in ('localizers.json', 'mix_evidence.json'):
        shutil.copy(ROOT / RESULTS / name, place.results)
    text = '# Zoo\n'
    for name, part in zoo.PARTS.items():
        text += f'\n<!-- {name}: written by {part.tool} -->\n\n<!-- end of {name} -->\n'
    localizers = json.loads((place.results / 'localizers.json').read_text())
    part = zoo.PARTS['localizers']
    text = zoo.replace_part(text, 'localizers', part.tool, table(localizers))
    (place.root / 'model_zoo.md').write_text(text)
    assert place.run() == {}
    draw(place)
    zoo.write_zoo(place.root)
    return place


@pytest.fixture
def checkout(results, place):
    """A copy of that repository, which a test may change; returns its root."""
    shutil.copytree(results.root, place.root, dirs_exist_ok=True)
    place.results = place.root / RESULTS
    return place.root


def draw(place):
    grid = read_grid(place.grid_file)
    records = [*place.records().values()]
    draw_grid(grid, records, plot_file(place.root / IMAGES, grid.name))


def problems(root):
    return zoo.check_zoo(root, skip=zoo.COSTS)


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_is_written_passes(checkout):
    assert problems(checkout) == []
    text = (checkout / 'model_zoo.md').read_text()
    assert '### A small grid' in text
    assert '+11.0 ± 1.4' in text  # 60 and 63 against 50 and 51
    assert '![A small grid](docs/images/grid_small.png)' in text
    assert '| `two.py` | UCF-51 | 72.50               | 1            |                   |' in text
    zoo.write_zoo(checkout)
    assert (checkout / 'model_zoo.md').read_text() == text


def test_written_as_a_whole(checkout, monkeypatch):
    change(checkout / 'model_zoo.md', '61.5 ± 2.1', '71.5 ± 2.1')
    text = (checkout / 'model_zoo.md').read_text()

    def full(descriptor):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='No space left'):
        zoo.write_zoo(checkout)
    assert (checkout / 'model_zoo.md').read_text() == text


def test_a_number_that_was_changed_by_hand(checkout):
    change(checkout / 'model_zoo.md', '61.5 ± 2.1', '71.5 ± 2.1')
    (problem,) = problems(checkout)
    assert (
        "the part 'grids' is stale; `python tools/benchmark.py --write-zoo` writes it" in problem
    )
    assert '\n  -| ' in problem
    assert '\n  +| ' in problem


def test_results_that_are_not_in_the_tables_yet(checkout, place):
    change(checkout / 'train.py', '90.0', '91.0')
    place.run(overwrite=True)
    (problem,) = problems(checkout)
    assert "'grids' is stale" in problem
    zoo.write_zoo(checkout)
    assert problems(checkout) == []


def test_numbers_whose_result_file_is_gone(checkout):
    (checkout / RESULTS / 'grid_small.jsonl').unlink()
    (problem,) = problems(checkout)
    assert "'grids' is stale" in problem
    assert '+No grid has results yet.' in problem


@pytest.mark.parametrize(
    ('line', 'is_wrong'),
    [
        ('| mine | 99.9 |', True),
        ('| mine | `99.9` |', True),
        ('  | mine | 99.9 |', True),
        ('mine | 99.9', True),
        ('<td>99.9 %</td>', True),
        ('It reaches 99.9 %, more than that of 2024.', True),
        ('| mine | none |', False),
        ('| `2shot.py` | top-1 |', False),
        ('Two classes of 8, see `docs/a_1.md`.', False),
    ],
)
def test_numbers_by_hand(checkout, line, is_wrong):
    file = checkout / 'model_zoo.md'
    file.write_text(f'{file.read_text()}\n| a | b |\n|---|---|\n{line}\n')
    expected = [f'model_zoo.md: {line!r} was written by hand: no result file has its numbers.']
    assert problems(checkout) == (expected if is_wrong else [])


def test_results_without_a_grid(checkout):
    (checkout / 'benchmarks/grids/small.py').unlink()
    found = problems(checkout)
    assert len(found) == 2  # of both parts that read results
    assert all('no file in benchmarks/grids has this name' in problem for problem in found)


def test_results_of_a_row_that_the_grid_does_not_have(checkout):
    change(checkout / 'benchmarks/grids/small.py', "name='two'", "name='other'")
    table, plot = problems(checkout)
    assert "grid_small.jsonl has results of 'two', which is no row of" in table
    assert plot == STALE_PLOT


def test_a_part_that_nothing_writes_and_one_that_is_missing(checkout):
    change(checkout / 'model_zoo.md', 'grids', 'girds')
    unknown, missing = problems(checkout)
    assert "nothing writes the part 'girds'" in unknown
    assert 'Expected one pair of lines' in missing


def test_a_plot_that_is_missing(checkout):
    (checkout / 'docs/images/grid_small.png').unlink()
    assert problems(checkout) == [STALE_PLOT]


def test_a_plot_of_other_results(checkout, place):
    change(checkout / 'test.py', '50 + seed', '51 + seed')
    place.run(overwrite=True)
    zoo.write_zoo(checkout)
    assert problems(checkout) == [STALE_PLOT]
    draw(place)
    assert problems(checkout) == []


def test_figures_of_the_localizers(checkout):
    change(checkout / 'model_zoo.md', '65.1 ± 16.5', '75.1 ± 16.5')
    (problem,) = problems(checkout)
    assert "'localizers' is stale; `python benchmarks/localizers.py --zoo" in problem


def test_results_of_a_config_that_has_changed(checkout):
    text = (checkout / 'model_zoo.md').read_text()
    assert 'have changed since' not in text
    (checkout / 'configs/two.py').write_text(
        (checkout / 'configs/two.py').read_text() + 'epochs = 1\nlog_level = "INFO"\n'
    )
    assert problems(checkout) == []  # nothing reads the one, and the other changes no result
    with (checkout / 'configs/two.py').open('a') as file:
        file.write('train_cfg = dict(max_epochs=7)\n')
    assert "'grids' is stale" in problems(checkout)[0]
    zoo.write_zoo(checkout)
    assert (
        '**Their configs have changed since** (`--resume` runs them anew): two_0, two_1.'
        in (checkout / 'model_zoo.md').read_text()
    )


def test_quickstarts_of_several_machines(checkout):
    figures = {key: 50.0 + i for i, (_, key, _) in enumerate(ROWS)}
    for name, more in (('one', {}), ('two', {'student_top1': 91.26})):
        file = checkout / RESULTS / f'quickstart_{name}.json'
        file.write_text(json.dumps({**figures, **more}))
    assert "'quickstart' is stale" in problems(checkout)[0]
    zoo.write_zoo(checkout)
    assert problems(checkout) == []
    text = (checkout / 'model_zoo.md').read_text().replace(' ', '')
    assert '|ASL-Mix,student|50.0%|91.3%|' in text
    file.write_text('{}')
    assert 'quickstart_two.json has no student_top1' in problems(checkout)[0]


def test_what_was_measured_of_a_published_config(checkout, place):
    """Not with options that change the method."""
    text = (checkout / 'model_zoo.md').read_text()
    change(checkout / 'benchmarks/grids/small.py', "'log_level=INFO'", "'train_cfg.val_begin=1'")
    change(checkout / 'configs/two.py', 'model', 'train_cfg = dict()\nmodel')
    place.grid_file = checkout / 'benchmarks/grids/small.py'
    assert place.run(resume=True) == {}
    zoo.write_zoo(checkout)
    after = (checkout / 'model_zoo.md').read_text()
    measured = 'student 61.5 ± 2.1, teacher 62.5 ± 2.1 |'
    assert measured in after
    assert measured not in text


def test_two_values_of_the_paper(checkout):
    file = checkout / 'configs/method/metafile.yml'
    file.write_text(f'{METAFILE}      Paper Table 2: {{Top-1 (%): 72.5800}}\n')
    with pytest.raises(ConfigError, match=r"two has two values of 'Top-1 \(%\)'"):
        published_accuracies(checkout / 'configs')


def test_shipped_metafiles_have_the_figures_of_the_paper():
    models = published_accuracies(ROOT / 'configs')
    found = {model['config']: model['top1'] for model in models if '1' in model['tables']}
    names = [f'{data}_{shots}shot' for data in ('ucf51', 'k400', 'vggsound') for shots in (1, 5)]
    table_1 = {
        f'configs/{method}/{name}.py': value
        for method, values in TABLE_1.items()
        for name, value in zip(names, values, strict=True)
    }
    assert found == {config: table_1[config] for config in found}
    ours = ('svformer', 'svformer_flex', 'asl_mix')
    assert {config for config in table_1 if config.split('/')[1] in ours} <= set(found)
    found = {model['config']: model['top1'] for model in models if '2' in model['tables']}
    assert found == {f'configs/{name}.py': value for name, value in TABLE_2.items()}
    for metafile in ROOT.glob('configs/*/metafile.yml'):
        for model in yaml.safe_load(metafile.read_text())['Models']:
            for key, entry in model['Metadata'].items():
                assert key.startswith('Paper') or FIGURE not in str(entry)


def test_parts_of_the_shipped_zoo_are_up_to_date():
    """If this fails, run what the message says; test_get_cost.py has the parts on costs."""
    assert [problem for problem in problems(ROOT) if 'by hand' not in problem] == []


def test_shipped_zoo_has_no_numbers_by_hand():
    assert zoo.lines_by_hand((ROOT / zoo.ZOO).read_text()) == []
