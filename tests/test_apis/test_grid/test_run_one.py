"""What a run leaves in the file of results."""

import json

from mmavssl.apis.grid.run_log import best_metrics, means_at_the_end
from mmavssl.utils.scalar_log import read_run


def test_result(place):
    assert place.run(seeds=[1]) == {}
    record = place.records()['two', 1]
    assert record['grid'] == 'small'
    assert record['config'] == 'configs/two.py'
    assert record['options'] == ['randomness.seed=1', 'log_level=INFO']
    assert record['student']['last'] == {'top1': 63, 'top5': 100.0}
    assert record['teacher']['last'] == {'top1': 64}
    assert record['student']['best'] == {'top1': 90.0, 'epoch': 1}
    assert record['teacher']['best'] == {'top1': 30.0, 'epoch': 2}
    assert record['log'] == {'pass_rate': 0.4, 'gpu_mb': 4}
    assert record['peak_mb'] > 1
    assert record['machine']['cores'] >= 1
    assert record['machine']['commit'] == record['commit']
    assert record['finished'].endswith('+00:00')
    assert place.records()['one', 1]['teacher'] is None
    test_call, *_ = place.calls('test')
    assert test_call[0] == 'work/one_1/epoch_1.pth'
    line = (place.root / 'work/two_1/train.log').read_text().splitlines()[0]
    assert line == (
        '$ python train.py configs/two.py --work-dir work/two_1 --resume --cfg-options '
        'randomness.seed=1 log_level=INFO'
    )


def test_test_options_are_for_the_test_alone(place):
    text = place.grid_file.read_text()
    place.grid_file.write_text(
        text.replace("paper=66.72", "test_options=['model.kind=k{seed}']")
    )  # fmt: skip
    place.run(seeds=[1], only=['two'])
    (train,), (test,) = place.calls('train'), place.calls('test')
    assert 'model.kind' not in train[1]
    assert test[1]['model.kind'] == 'k1'
    assert place.records()['two', 1]['test_options'] == ['model.kind=k1']


def test_attempts_of_a_run_count_together(place):
    (place.root / 'fail_one_0').write_text('75')
    place.run(seeds=[0], only=['one'])
    file = place.root / 'work/one_0/grid_run.json'
    progress = json.loads(file.read_text())
    assert progress['train_seconds'] > 0
    assert not progress['trained']
    file.write_text(json.dumps({**progress, 'train_seconds': 1000.0, 'peak_mb': 5e6}))
    (place.root / 'fail_one_0').unlink()
    place.run(seeds=[0], only=['one'])
    record = place.records()['one', 0]
    assert 1000 <= record['train_seconds'] < 1100
    assert json.loads(file.read_text())['train_seconds'] > 1000
    assert record['peak_mb'] == 5e6


def test_logs_of_a_run_that_was_resumed(tmp_path):
    for name, steps in (('20260101_1', range(1, 7)), ('20260101_2', range(5, 9))):
        folder = tmp_path / name / 'vis_data'
        folder.mkdir(parents=True)
        lines = [{'step': n, 'iter': n, 'mix_ratio': n + len(steps) / 100} for n in steps]
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        (folder / 'scalars.json').write_text(text + '{"step": 9, "it')
    lines = read_run(tmp_path)
    assert len(lines) == 8
    assert means_at_the_end(lines) == {'mix_ratio': 7.54}  # of iterations 7 and 8
    assert means_at_the_end([]) == {}
    assert best_metrics(lines) == {}
