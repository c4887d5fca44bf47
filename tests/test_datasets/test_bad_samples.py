import copy
import csv

import pytest
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset, clip_log
from mmavssl.datasets.bad_samples import BadSamples, append_row, begin_report
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError, DataError

SIZE = 10


class Read:
    """A pipeline of one transform, which refuses some files."""

    def __init__(self, bad):
        self.bad = bad

    def __call__(self, results):
        if results['sample_idx'] in self.bad:
            raise DataError(f'{results["video_path"]} is empty (0 bytes).')
        return {'index': results['sample_idx']}


@pytest.fixture
def make(tmp_path):
    (tmp_path / 'classes.txt').write_text('a\n')
    rows = ''.join(f'{number}.mp4,0\n' for number in range(SIZE))
    (tmp_path / 'list.csv').write_text('path,label\n' + rows)

    def make_dataset(bad=(), **kwargs):
        kwargs = {'source': 'unlabeled', **kwargs}
        return AVDataset('list.csv', data_root=str(tmp_path), pipeline=[Read(bad)], **kwargs)

    return make_dataset


def rows_of(path):
    with path.open(newline='') as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ('budget', 'size', 'limit'),
    [(0.001, 999, 0), (0.001, 2000, 2), (3, 10, 3), (0, 10, 0), (0.5, 5, 2)],
)
def test_limit(budget, size, limit):
    assert BadSamples(size, budget, 'unlabeled').limit == limit


@pytest.mark.parametrize('budget', [-1, 1.0, 2.5, True, '5', None, float('nan')])
def test_bad_budget(budget):
    with pytest.raises(ConfigError, match=r'`max_bad_samples` to be a number of clips'):
        BadSamples(10, budget, 'unlabeled')


def test_small_list_allows_none_by_default(make):
    with pytest.raises(DataError, match=r'3\.mp4 is empty .*\. It is listed in .*list\.csv:5\.$'):
        make(bad=[3])[3]


def test_others_take_their_places_up_to_the_limit(make, tmp_path):
    dataset = make(bad=(bad := [2, 5]), max_bad_samples=2)
    dataset.report_bad_samples(tmp_path / 'bad_samples.csv')
    stand_ins = {dataset[DrawIndex(2, epoch)]['index'] for epoch in range(9)}
    assert len(stand_ins) > 2
    assert 2 not in stand_ins
    dataset[5]
    bad.append(7)
    with pytest.raises(
        DataError,
        match=r'7\.mp4 is empty .* With it, 3 of 10 unlabeled clips cannot be used; '
        r'`max_bad_samples` allows 2\. .*bad_samples\.csv',
    ):
        dataset[7]
    bad.remove(7)
    dataset[5]  # those within the limit go on being replaced
    assert rows_of(tmp_path / 'bad_samples.csv') == [
        ['source', 'path', 'reason'],
        *(
            ['unlabeled', f'{tmp_path}/{n}.mp4', f'{tmp_path}/{n}.mp4 is empty (0 bytes). It is '
             f'listed in {tmp_path}/list.csv:{n + 2}.']
            for n in (2, 5)
        ),
    ]


def test_stand_ins_follow_from_the_draw(make):
    first, second = (make(bad=[2, 5], max_bad_samples=2) for _ in range(2))
    order = range(8)
    drawn = [first[DrawIndex(2, epoch)]['index'] for epoch in order]
    assert [second[DrawIndex(2, epoch)]['index'] for epoch in reversed(order)] == drawn[::-1]


@pytest.mark.parametrize('num_workers', [1, 2])
def test_workers_share_the_count_and_the_report(make, tmp_path, num_workers):
    dataset = make(bad=[2, 5], max_bad_samples=2)
    dataset.report_bad_samples(tmp_path / 'bad.csv')
    for _ in range(2):
        loader = DataLoader(dataset, batch_size=None, num_workers=num_workers)
        assert len(list(loader)) == SIZE
    assert dataset.bad.marks.nonzero().flatten().tolist() == [2, 5]
    assert sorted(row[1] for row in rows_of(tmp_path / 'bad.csv')[1:]) == [
        f'{tmp_path}/2.mp4', f'{tmp_path}/5.mp4'
    ]  # fmt: skip
    too_many = DataLoader(make(bad=[2, 5], max_bad_samples=1), batch_size=None, num_workers=1)
    with pytest.raises(DataError, match=r'5\.mp4 .* 2 of 10 unlabeled clips cannot be used'):
        list(too_many)


def test_each_is_logged_once(make, tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr(clip_log, 'print_log', lambda message, **kwargs: messages.append(message))
    dataset = make(bad=[2], max_bad_samples=1)
    dataset[2], dataset[DrawIndex(2, 1)]
    assert messages == [
        f'{tmp_path}/2.mp4 is empty (0 bytes). It is listed in {tmp_path}/list.csv:4. Another '
        'unlabeled clip takes its place (1 of 10 clips so far).'
    ]


def test_no_test_clip_may_be_missing(make):
    dataset = make(bad=[4], source='test', test_mode=True, max_bad_samples=5)
    with pytest.raises(DataError, match=r'4\.mp4 is empty'):
        dataset[4]


def test_all_are_bad(make):
    dataset = make(bad=range(SIZE), max_bad_samples=SIZE)
    with pytest.raises(DataError, match=r'0\.mp4 was skipped, and so were 100 others'):
        dataset[0]


def test_report_of_a_resumed_run_is_kept_and_repeats_nothing(tmp_path):
    path = tmp_path / 'bad.csv'
    begin_report(path, keep=True)
    row = ('unlabeled', 'a, "b".mp4', 'two\nlines')
    append_row(path, row)
    begin_report(path, keep=True)
    append_row(path, row)
    assert rows_of(path) == [['source', 'path', 'reason'], list(row)]
    begin_report(path, keep=False)
    assert rows_of(path) == [['source', 'path', 'reason']]


def test_copy_counts_for_itself():
    bad = BadSamples(SIZE, 2, 'labeled')
    bad.add_error(1, 'a.mp4', DataError('a.mp4 is empty'))
    assert (len(bad), len(copy.deepcopy(bad))) == (1, 0)
