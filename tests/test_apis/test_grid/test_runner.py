"""Which runs are made, in which order, and what becomes of those that fail."""

import json
import multiprocessing
import os
import signal
import sys
import time
from contextlib import redirect_stderr

import pytest

from mmavssl.apis.grid.records import write_record
from mmavssl.utils.errors import ConfigError, DataError
from tests.terminal import Terminal


def names(calls):
    return [(config, options['randomness.seed']) for config, options, _ in calls]


def test_all_rows_of_a_seed_before_the_next(place):
    assert place.run() == {}
    one, two = 'configs/one.py', 'configs/two.py'
    assert names(place.calls('train')) == [(one, '0'), (two, '0'), (one, '1'), (two, '1')]
    assert {path.name for path in place.root.glob('made_*')} == {'made_0', 'made_1'}
    place.forget()
    assert place.run(order='rows', overwrite=True) == {}
    assert names(place.calls('train')) == [(one, '0'), (one, '1'), (two, '0'), (two, '1')]


def test_what_has_a_result_is_not_run_again(place):
    place.run(seeds=[0], only=['two'])
    with pytest.raises(
        ConfigError, match=r'grid_small\.jsonl has results .*--resume.*--overwrite'
    ):
        place.run()
    place.forget()
    place.run(resume=True)
    assert names(place.calls('train')) == [
        ('configs/one.py', '0'), ('configs/one.py', '1'), ('configs/two.py', '1'),
    ]  # fmt: skip
    place.forget()
    place.run(resume=True)
    assert place.calls('train') == []
    assert len(place.records()) == 4


def test_a_config_that_has_changed_is_run_anew(place):
    place.run(seeds=[0])
    before = place.records()
    config = place.root / 'configs/two.py'
    config.write_text(config.read_text() + "optim_wrapper = dict(type='O')\n")
    place.forget()
    place.run(seeds=[0], resume=True)
    ((path, _, resumed),) = place.calls('train')
    assert (path, resumed) == ('configs/two.py', False)  # its old checkpoint is of another config
    after = place.records()
    assert after.keys() == before.keys()
    assert after['one', 0] == before['one', 0]
    assert after['two', 0]['config_hash'] != before['two', 0]['config_hash']


@pytest.mark.parametrize(
    'change', ["work_dir = 'x'\n", "prepare_commands = dict(a='b')\n", 'x = 1\n']
)
def test_what_changes_no_result_is_not_run_anew(place, change):
    place.run(seeds=[0])
    config = place.root / 'configs/two.py'
    config.write_text(config.read_text() + change)
    place.forget()
    place.run(seeds=[0], resume=True)
    assert place.calls('train') == []


def test_what_was_made_from_something_else_is_run_anew(place):
    place.run(seeds=[0, 1])
    (place.root / 'made_1').write_text('another localizer')
    before = place.records()
    place.forget()
    place.run(seeds=[0, 1], resume=True)
    assert '2 of 4 runs have a result.' in place.said
    assert 'one, seed 1: again, as made_1 has another content than it had' in place.said
    calls = [(config, resumed) for config, _, resumed in place.calls('train')]
    assert calls == [('configs/one.py', False), ('configs/two.py', False)]  # not its checkpoint
    after = place.records()
    assert after['one', 0] == before['one', 0]
    assert after['one', 1]['made'] != before['one', 1]['made']
    place.forget()
    place.run(seeds=[0, 1], resume=True)
    assert place.calls('train') == []


def test_checkpoint_of_something_else_is_not_gone_on_with(place):
    (place.root / 'fail_one_0').write_text('3')
    place.run(seeds=[0], only=['one'])
    (place.root / 'fail_one_0').unlink()
    (place.root / 'made_0').write_text('other clips')
    place.forget()
    place.run(seeds=[0], only=['one'])
    ((*_, resumed),) = place.calls('train')
    assert not resumed


def test_results_hold_where_nothing_can_be_compared(place):
    """Of another machine, or from before it was recorded."""
    place.run(seeds=[0])
    (place.root / 'made_0').unlink()
    place.forget()
    place.run(seeds=[0], resume=True)
    (place.root / 'made_0').write_text('x')
    for record in place.records().values():
        write_record(place.results / 'grid_small.jsonl', {**record, 'made': None})
    place.run(seeds=[0], resume=True)
    assert place.calls('train') == []


def test_results_from_something_else_are_not_taken_over(place):
    place.run(seeds=[0], only=['two'])
    place.grid_file.write_text(place.grid_file.read_text().replace("'small'", "'other'"))
    (place.root / 'made_0').write_text('another localizer')
    place.forget()
    place.run(seeds=[0], only=['two'])
    assert names(place.calls('train')) == [('configs/two.py', '0')]


@pytest.fixture
def outside(place, tmp_path_factory):
    """Run on a folder outside of the repository; return what is trained."""

    def run(folder):
        option = f"'model.dataset.data_root={folder}', 'model.dataset.ann_file=list.csv'"
        text = place.grid_file.read_text().partition('# outside')[0]
        place.grid_file.write_text(f"{text}# outside\noptions += [{option}]\n")
        place.forget()
        assert place.run(seeds=[0], only=['one'], resume=True) == {}
        return names(place.calls('train'))

    run.disk = tmp_path_factory.mktemp('disk')
    for name, text in (('ucf101', 'a'), ('hmdb51', 'b'), ('copy', 'a'), ('bare', None)):
        (run.disk / name / 'videos').mkdir(parents=True)
        if text:
            (run.disk / name / 'videos/list.csv').write_text(text)
    return run


def test_other_data_outside_of_the_repository(place, outside):
    one = [('configs/one.py', '0')]
    ucf101, hmdb51 = (outside.disk / f'{name}/videos' for name in ('ucf101', 'hmdb51'))
    assert outside(ucf101) == one
    assert outside(ucf101) == []
    (record,) = place.records().values()
    assert record['outside']['model.dataset.data_root']['path'] == str(ucf101)
    assert outside(hmdb51) == one
    begin = 'one, seed 0: again, as model.dataset.data_root is'
    assert f'{begin} {hmdb51} and was {ucf101}' in place.said
    (hmdb51 / 'list.csv').write_text('c')
    assert outside(hmdb51) == one
    assert f'{begin} {hmdb51}, which has another content than it had' in place.said


def test_the_same_data_elsewhere(outside):
    """As other machines have them."""
    assert outside(outside.disk / 'ucf101/videos') == [('configs/one.py', '0')]
    assert outside(outside.disk / 'copy/videos') == []


def test_data_outside_without_a_list(outside):
    """Are told by their place, as long as that is there."""
    (outside.disk / 'ucf101/videos/list.csv').unlink()
    assert outside(outside.disk / 'ucf101/videos') == [('configs/one.py', '0')]
    (outside.disk / 'link').symlink_to(outside.disk / 'ucf101')
    assert outside(outside.disk / 'link/videos') == []
    assert outside(outside.disk / 'bare/videos') == [('configs/one.py', '0')]
    (outside.disk / 'bare').rename(outside.disk / 'moved')
    assert outside(outside.disk / 'moved/videos') == []


def test_failures_are_named_and_the_others_run(place):
    (place.root / 'fail_one_0').write_text('3')
    failures = place.run()
    assert failures == {
        'one_0': 'train failed with status 3 (see work/one_0/failure.log): the reason'
    }
    log = (place.root / 'work/one_0/failure.log').read_text()
    assert log.startswith('train failed with status 3.')
    assert '$ python train.py configs/one.py' in log
    assert log.endswith('the reason\n')
    assert set(place.records()) == {('one', 1), ('two', 0), ('two', 1)}
    (place.root / 'fail_one_0').unlink()
    place.forget()
    assert place.run(resume=True) == {}
    ((path, _, resumed),) = place.calls('train')
    assert (path, resumed) == ('configs/one.py', True)
    assert not (place.root / 'work/one_0/failure.log').exists()


def test_a_damaged_file_ends_one_run_and_not_the_grid(place):
    folder = place.root / 'work/one_0'
    folder.mkdir(parents=True)
    (folder / 'grid_run.json').write_text('{"config_ha')
    failures = place.run(seeds=[0])
    assert list(failures) == ['one_0']
    assert failures['one_0'].startswith('JSONDecodeError: ')
    assert 'progress.py' in '\n'.join(place.said)  # where it happened
    assert list(place.records()) == [('two', 0)]


def test_training_that_is_complete_is_not_repeated_when_the_test_failed(place):
    tool = place.root / 'test.py'
    text = tool.read_text()
    tool.write_text("raise SystemExit('no disk')\n")
    failures = place.run(seeds=[0], only=['one'])
    assert failures['one_0'].endswith('(see work/one_0/failure.log): no disk')
    tool.write_text(text)
    place.forget()
    assert place.run(seeds=[0], only=['one'], resume=True) == {}
    assert place.calls('train') == []
    progress = json.loads((place.root / 'work/one_0/grid_run.json').read_text())
    assert progress['trained']
    assert progress['train_seconds'] > 0  # of the first attempt


def test_a_result_of_another_grid_is_taken_over(place):
    place.run(seeds=[0], only=['two'])
    other = place.root / 'other.py'
    other.write_text(
        place.grid_file.read_text().replace("'small'", "'other'").replace("name='two'", "name='b'")
    )
    place.grid_file = other
    place.forget()
    assert place.run(seeds=[0]) == {}
    assert names(place.calls('train')) == [('configs/one.py', '0')]
    assert 'b, seed 0: as two of small' in place.said
    taken, original = place.records('other')['b', 0], place.records()['two', 0]
    assert taken == {**original, 'grid': 'other', 'row': 'b', 'taken_from': 'small'}


def test_a_preparation_that_fails_stops_the_grid(place):
    (place.root / 'make.py').write_text("raise SystemExit('no clips')\n")
    with pytest.raises(
        DataError,
        match=r'^python make\.py made_0 ended with status 1 and without made_0.*no clips',
    ):
        place.run()
    assert place.calls('train') == []


def test_a_folder_that_no_grid_has_made_is_left_alone(place):
    folder = place.root / 'work/one_0'
    folder.mkdir(parents=True)
    (folder / 'mine.txt').write_text('x')
    ((name, why),) = place.run(seeds=[0]).items()
    assert name == 'one_0'
    assert 'one_0 has files, but no grid_run.json: no grid has made it. Move it away.' in why
    assert set(place.records()) == {('two', 0)}
    assert (folder / 'mine.txt').exists()


def test_unknown_row(place):
    with pytest.raises(ConfigError, match=r"no row 'tow'\. Did you mean 'two'"):
        place.run(only=['tow'])


def test_sigterm_ends_the_run_as_well(place):
    def run():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))
        place.run()

    (place.root / 'sleep').touch()
    process = multiprocessing.get_context('fork').Process(target=run)
    process.start()
    pid_file = place.root / 'pid'
    for _ in range(600):
        if pid_file.exists() and pid_file.read_text():
            break
        time.sleep(0.1)
    process.terminate()
    process.join(60)
    assert process.exitcode == 75
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_bar_counts_what_has_a_result(place, monkeypatch):
    """And those that fail, so that it comes to its end."""
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setattr('mmavssl.utils.progress.INTERVAL', 0)
    with redirect_stderr(Terminal()) as terminal:
        place.run(seeds=[0], only=['two'])
        assert terminal.getvalue() == ''
        (place.root / 'fail_one_0').write_text('3')
        place.run(resume=True, progress=True)
    shown = [terminal.getvalue().find(each) for each in ('0/2', '2/2', '1/4', '2/4', '4/4')]
    assert -1 not in shown
    assert shown == sorted(shown)
    assert 'Preparing' in terminal.getvalue()
    assert 'Running' in terminal.getvalue()
