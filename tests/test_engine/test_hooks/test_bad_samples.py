import csv

import pytest
import torch

from mmavssl.datasets import AVDataset, SemiSupervisedDataset
from mmavssl.engine.hooks.bad_samples import data_sets
from mmavssl.utils.errors import DataError

SIZE = 10
HOOKS = [{'type': 'BadSamplesHook'}, {'type': 'PlainCheckpointHook'}]


def toy_clip(results):
    """Make what the toy algorithm takes; the files 2 and 5 are bad."""
    index = results['sample_idx']
    if index in (2, 5):
        raise DataError(f'{results["video_path"]} is empty (0 bytes).')
    return {'clip': torch.full((4,), float(index)), 'label': index % 3, 'index': index}


@pytest.fixture
def clips(tmp_path):
    (tmp_path / 'classes.txt').write_text('a\nb\nc\n')
    rows = ''.join(f'{number}.mp4,{number % 3}\n' for number in range(SIZE))
    (tmp_path / 'list.csv').write_text('path,label\n' + rows)

    def make(source='unlabeled', **kwargs):
        return AVDataset(
            'list.csv', data_root=str(tmp_path), pipeline=[toy_clip], source=source, **kwargs
        )

    return make


def report_of(runner):
    with open(f'{runner.work_dir}/bad_samples.csv', newline='') as file:
        return list(csv.reader(file))


def with_pool(dataset):
    """The toy algorithm's threshold asks for the pool."""
    dataset.unlabeled = dataset
    return dataset


def test_training_goes_on_and_lists_them(build_runner, clips, tmp_path):
    dataset = with_pool(clips(max_bad_samples=2))
    runner = build_runner(HOOKS, epochs=2, dataset=dataset)
    runner.train()
    assert runner.iter == 2 * SIZE / 2
    rows = report_of(runner)
    assert rows[0] == ['source', 'path', 'reason']
    assert sorted(row[1] for row in rows[1:]) == [f'{tmp_path}/{n}.mp4' for n in (2, 5)]
    log = next((tmp_path / 'run').rglob('*.log')).read_text()
    assert log.count('2.mp4 is empty (0 bytes). It is listed in ') == 1
    assert log.count(':4. Another unlabeled clip takes its place') == 1
    assert '2 of 10 unlabeled clips cannot be used; `max_bad_samples` allows 2. See' in log


def test_one_too_many_stops_it_and_the_report_stays(build_runner, clips):
    runner = build_runner(HOOKS, dataset=with_pool(clips(max_bad_samples=1)))
    with pytest.raises(DataError, match='2 of 10 unlabeled clips cannot be used'):
        runner.train()
    assert len(report_of(runner)) == 2


def test_report_is_begun_anew_unless_the_run_is_resumed(build_runner, clips, tmp_path):
    first = build_runner(HOOKS, dataset=with_pool(clips(max_bad_samples=2)))
    first.train()
    resumed = build_runner(
        HOOKS, epochs=2, dataset=with_pool(clips(max_bad_samples=2)), resume=True
    )
    resumed.train()
    assert len(report_of(resumed)) == 3
    (tmp_path / 'run/bad_samples.csv').write_text('old\n')
    build_runner(HOOKS, dataset=with_pool(clips(max_bad_samples=2))).train()
    assert report_of(first)[0] == ['source', 'path', 'reason']


def test_both_streams_are_told(clips, tmp_path):
    labeled, unlabeled = clips('labeled'), clips('unlabeled')
    both = SemiSupervisedDataset(labeled, unlabeled)
    assert data_sets(both) == [labeled, unlabeled]
    assert data_sets([1, 2]) == []
