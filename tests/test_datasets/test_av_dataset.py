import random
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset, open_lists
from mmavssl.datasets.clip_check import check_clips
from mmavssl.registry import DATASETS, TRANSFORMS
from mmavssl.structures import DrawIndex
from mmavssl.utils import ConfigError, DataError
from mmavssl.utils.random import isolated_rng


@TRANSFORMS.register_module(name='DatasetTestDraws', force=True)
class Draws:
    """Keep the results and draw from every generator that a transform may use."""

    def __call__(self, results):
        results['draws'] = (random.random(), np.random.rand(), torch.rand(1).item())
        return results


class Skip:
    """Skip the files whose name ends so."""

    def __init__(self, *endings):
        self.endings = endings

    def __call__(self, results):
        return None if results['video_path'].endswith(self.endings) else results


class Fail:
    def __init__(self, make_error):
        self.make_error = make_error

    def __call__(self, results):
        raise self.make_error(results)


@pytest.fixture
def root(tmp_path):
    (tmp_path / 'classes.txt').write_text('run\njump\nsit\n')
    rows = [f'v/{i}.mp4,{i % 3}' for i in range(10)]
    (tmp_path / 'train.csv').write_text('\n'.join(['path,label', *rows]) + '\n')
    (tmp_path / 'bare.csv').write_text('path\nv/0.mp4\nv/1.mp4\n')
    text = 'path,label,start,end,audio_path\nv/0.mp4,jump,1,2.5,a/0.wav\n'
    (tmp_path / 'full.csv').write_text(text)
    return tmp_path


def make(root, ann_file='train.csv', pipeline=({'type': 'DatasetTestDraws'},), **kwargs):
    return AVDataset(ann_file=ann_file, data_root=str(root), pipeline=list(pipeline), **kwargs)


def test_what_enters_the_pipeline(root):
    sample = make(root, 'full.csv', pipeline=[])[0]
    assert sample == {
        'video_path': str(root / 'v/0.mp4'),
        'audio_path': str(root / 'a/0.wav'),
        'start': 1.0,
        'end': 2.5,
        'source': 'labeled',
        'label': 1,
        'sample_idx': 0,
    }
    assert make(root, pipeline=[])[4]['audio_path'] is None


@pytest.mark.parametrize('ann_file', ['train.csv', 'bare.csv'])
def test_hidden_labels_are_for_logs_only(root, ann_file):
    dataset = make(root, ann_file, pipeline=[], source='unlabeled')
    for i in range(len(dataset)):
        sample = dataset[i]
        assert sample['gt_for_log'] == (i % 3 if ann_file == 'train.csv' else -1)
        assert not {'label', 'gt_label'} & sample.keys()


def test_names_of_the_classes(root):
    assert make(root, metainfo={'task': 'x'}).metainfo == {
        'classes': ('run', 'jump', 'sit'),
        'task': 'x',
    }


def test_draw_follows_from_its_key(root):
    draw = DrawIndex(7, epoch=3, repeat=2)
    dataset = make(root, seed=5)
    first = dataset[draw]['draws']
    for i in range(10):
        dataset[i]
    assert dataset[draw]['draws'] == first
    assert make(root, seed=5)[draw]['draws'] == first
    with isolated_rng(5, 3, 2, 'labeled', 7):
        assert first == (random.random(), np.random.rand(), torch.rand(1).item())


def test_every_part_of_the_key_counts(root):
    dataset = make(root)
    keys = [DrawIndex(i, e, r) for i in range(3) for e in range(3) for r in range(3)]
    draws = [dataset[key]['draws'] for key in keys]
    draws += [make(root, seed=1)[0]['draws'], make(root, source='unlabeled')[0]['draws']]
    for column in zip(*draws, strict=True):
        assert len(set(column)) == len(keys) + 2
    assert dataset[3]['draws'] == dataset[DrawIndex(3)]['draws']


def test_generators_outside_do_not_notice(root):
    dataset = make(root)
    values = []
    for touch in (False, True):
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        if touch:
            dataset[2]
        values.append((torch.rand(1).item(), np.random.rand(), random.random()))
    assert values[0] == values[1]


@pytest.mark.parametrize('persistent', [False, True])
def test_workers_do_not_change_samples(root, persistent):
    dataset = make(root, pipeline=[Draws(), Skip('1.mp4', '4.mp4')])
    keys = [DrawIndex(i, epoch, repeat=i // 5) for epoch in range(2) for i in range(10)]
    expected = [dataset[key] for key in keys]
    for num_workers in (0, 2):
        loader = DataLoader(
            dataset,
            sampler=keys,
            batch_size=5,
            collate_fn=list,
            num_workers=num_workers,
            persistent_workers=persistent and num_workers > 0,
        )
        for _ in range(2 if persistent else 1):
            assert [sample for batch in loader for sample in batch] == expected
        if loader.persistent_workers:
            loader._iterator._shutdown_workers()  # torch waits 5 s each if left to the collector


@pytest.mark.parametrize('serialize_data', [True, False])
def test_mechanics_of_base_dataset(root, serialize_data):
    dataset = make(root, serialize_data=serialize_data, lazy_init=True)
    assert not dataset._fully_initialized
    dataset.full_init()
    assert len(dataset) == 10
    assert len(make(root, serialize_data=serialize_data, indices=4)) == 4
    subset = dataset.get_subset([8, 2])
    assert [s['video_path'][-5:] for s in (subset[0], subset[1])] == ['8.mp4', '2.mp4']
    assert [subset.get_data_info(i)['sample_idx'] for i in (0, 1, -1)] == [0, 1, 1]


def clips_in(dataset):
    return [int(Path(sample['video_path']).stem) for sample in dataset]


@pytest.mark.parametrize(
    ('indices', 'expected'),
    [
        (3, [0, 1, 2]),
        (-3, [7, 8, 9]),
        (0, []),
        ([4, -1, 4], [4, 9, 4]),
        (np.array([9, 0]), [9, 0]),
        (range(2, 5), [2, 3, 4]),
        ([], []),
    ],
)
def test_subsets(root, indices, expected):
    dataset = make(root)
    subset = dataset.get_subset(indices)
    assert clips_in(subset) == expected
    assert clips_in(make(root, indices=indices)) == expected
    assert len(subset.skipped.marks) == len(expected)
    assert subset.data_list.table is dataset.data_list.table
    assert clips_in(subset.get_subset(-1)) == expected[-1:]
    dataset.get_subset_(indices)
    assert clips_in(dataset) == expected


@pytest.mark.parametrize('indices', [2.5, None, {1, 2}])
def test_bad_subset(root, indices):
    with pytest.raises(TypeError, match='int or sequence of int'):
        make(root).get_subset(indices)
    with pytest.raises(IndexError):
        make(root).get_subset([10])


def test_list_that_was_checked_is_not_read_again(root, monkeypatch):
    cfg = Config({'loader': {'dataset': {'type': 'AVDataset', 'ann_file': 'train.csv'}}})
    cfg.loader.dataset.data_root = str(root)
    for i in (0, 5, 9):
        (root / f'v/{i}.mp4').parent.mkdir(exist_ok=True)
        (root / f'v/{i}.mp4').touch()
    check_clips(cfg, ('loader',))
    monkeypatch.setattr(open_lists, 'read_manifest', None)
    first, second = make(root), make(root, source='unlabeled')
    assert clips_in(first) == clips_in(second) == list(range(10))


class OwnList(AVDataset):
    """A subclass that makes the list itself."""

    def load_data_list(self):
        return [{'video_path': f'{i}.mp4', 'audio_path': None} for i in range(4)]


@pytest.mark.parametrize('serialize_data', [True, False])
def test_list_of_a_subclass(root, serialize_data):
    dataset = OwnList('', data_root=str(root), serialize_data=serialize_data)
    assert clips_in(dataset) == [0, 1, 2, 3]
    assert clips_in(dataset.get_subset([3, 1])) == [3, 1]
    assert hasattr(dataset, 'data_bytes') is serialize_data


def test_lazy_data_set_needs_no_list(root):
    assert make(root, 'nowhere.csv', lazy_init=True).metainfo['classes'][0] == 'run'


@pytest.mark.parametrize('index', [10, 11, -11, DrawIndex(10)])
def test_no_such_sample(root, index):
    with pytest.raises(IndexError, match='below 10'):
        make(root)[index]


def test_iteration_ends(root):
    dataset = make(root)
    assert [sample['sample_idx'] for sample in dataset] == list(range(10))
    assert dataset[-1] == dataset[9]


def test_skipped_clips_are_replaced(root):
    dataset = make(root, pipeline=[Draws(), Skip('3.mp4')])
    stand_ins = []
    for epoch in range(30):
        draw = DrawIndex(3, epoch)
        sample = dataset[draw]
        assert sample == dataset[draw]
        assert sample['label'] == sample['sample_idx'] % 3
        own = dataset[DrawIndex(sample['sample_idx'], epoch)]
        assert sample['draws'] != own['draws']
        stand_ins.append(sample['sample_idx'])
    assert 3 not in stand_ins
    assert len(set(stand_ins)) > 5
    assert dataset.skipped.marks.nonzero().flatten().tolist() == [3]


@pytest.fixture
def log_file(tmp_path):
    """A log that worker processes write as well."""
    path = tmp_path / 'run.log'
    logger = MMLogger.get_instance(f'test_av_dataset_{tmp_path.name}', log_file=str(path))
    yield path
    for handler in list(logger.handlers):  # the logger stays MMEngine's current one
        logger.removeHandler(handler)
        handler.close()


def skips_in(log_file):
    """Name and running count of each clip that the log says was skipped."""
    lines = [line for line in log_file.read_text().splitlines() if 'is skipped' in line]
    assert all('WARNING' in line for line in lines)
    pattern = r'v/(\d)\.mp4 is skipped .*\((\d) of 10 clips so far\)'
    return [tuple(map(int, re.search(pattern, line).groups())) for line in lines]


def test_skipped_clips_are_counted_and_logged_once(root, log_file):
    dataset = make(root, pipeline=[Skip('3.mp4', '5.mp4')])
    for epoch in range(4):
        for i in (3, 5, 6):
            dataset[DrawIndex(i, epoch)]
    # The first stand-in may be the other clip.
    assert skips_in(log_file) in ([(3, 1), (5, 2)], [(5, 1), (3, 2)])
    assert len(dataset.skipped) == 2


@pytest.mark.parametrize('context', ['fork', pytest.param('spawn', marks=pytest.mark.slow)])
def test_workers_count_skipped_clips_together(root, log_file, context):
    dataset = make(root, pipeline=[Skip('1.mp4', '4.mp4', '5.mp4', '8.mp4')])
    loader = DataLoader(dataset, batch_size=None, num_workers=2, multiprocessing_context=context)
    for _ in range(2):  # workers are made anew in each epoch
        list(loader)
    assert dataset.skipped.marks.nonzero().flatten().tolist() == [1, 4, 5, 8]
    if context == 'fork':  # the others have no log of the run
        names, counts = zip(*skips_in(log_file), strict=True)
        assert sorted(names) == [1, 4, 5, 8]
        assert max(counts) == 4


class OpenDamaged:
    """As `OpenAVFile` leaves a file with these faults."""

    def __init__(self, **faults):
        self.faults = faults

    def __call__(self, results):
        name = Path(results['video_path']).stem
        video, audio = (
            SimpleNamespace(faults=faults, path=f'{name}.{ending}')
            for faults, ending in zip(
                self.faults.get(f'v{name}', ([], [])), ('mp4', 'wav'), strict=True
            )
        )
        results.update(video_file=video, audio_file=audio)
        return results


def test_damaged_clips_are_counted_and_logged_once(root, log_file):
    opened = OpenDamaged(v3=(['it ends early', 'more'], []), v5=(['no key'], ['it is silent']))
    dataset = make(root, pipeline=[opened])
    for epoch in range(3):
        for i in (3, 5, 6):
            dataset[DrawIndex(i, epoch)]
    lines = [line for line in log_file.read_text().splitlines() if 'is damaged' in line]
    assert len(lines) == 2
    assert all('WARNING' in line for line in lines)
    assert lines[0].endswith('3.mp4 is damaged: it ends early; more (1 of 10 clips so far).')
    end = '5.mp4 is damaged: no key. 5.wav is damaged: it is silent (2 of 10 clips so far).'
    assert lines[1].endswith(end)
    assert dataset.damaged.marks.nonzero().flatten().tolist() == [3, 5]


def test_subset_counts_for_itself(root):
    dataset = make(root, pipeline=[Skip('3.mp4')])
    dataset[3]
    subset = dataset.get_subset([3, 4])
    assert len(subset.skipped) == 0
    subset[0]
    assert subset.skipped.marks.tolist() == [True, False]
    assert len(dataset.skipped) == 1
    assert len(dataset.get_subset([3, 4]).skipped) == 0


def test_limit_of_skips(root):
    calls = []
    dataset = make(root, pipeline=[lambda results: calls.append(1)], max_refetch=4)
    with pytest.raises(DataError) as error:
        dataset[2]
    assert len(calls) == 5
    for word in ('2.mp4', '4 others', 'max_refetch', 'train.csv'):
        assert word in str(error.value)


def test_no_test_clip_is_skipped(root):
    dataset = make(root, pipeline=[Skip('3.mp4')], source='test', test_mode=True)
    with pytest.raises(DataError, match=r'3\.mp4 was skipped .* no test clip'):
        dataset[3]


@pytest.mark.parametrize('test_mode', [False, True])
def test_errors_name_the_file(root, test_mode):
    def dataset(make_error):
        return make(root, pipeline=[Fail(make_error)], test_mode=test_mode)

    named = dataset(lambda results: DataError(f'{results["video_path"]}: broken'))
    with pytest.raises(DataError) as error:
        named[3]
    assert str(error.value) == f'{root}/v/3.mp4: broken'
    with pytest.raises(DataError) as error:
        dataset(lambda _: DataError('broken'))[3]
    assert str(error.value) == f'{root}/v/3.mp4: broken'
    with pytest.raises(RuntimeError, match=r'3\.mp4 with KeyError') as error:
        dataset(lambda _: KeyError('imgs'))[3]
    assert isinstance(error.value.__cause__, KeyError)
    with pytest.raises(ConfigError, match=r'^size$'):
        dataset(lambda _: ConfigError('size'))[3]


def test_error_reaches_the_main_process(root):
    dataset = make(root, pipeline=[Fail(lambda _: DataError('broken'))])
    iterator = iter(DataLoader(dataset, batch_size=None, num_workers=1))
    with pytest.raises(DataError, match=r'0\.mp4: broken'):
        next(iterator)
    iterator._shutdown_workers()


@pytest.mark.parametrize(
    ('change', 'key', 'path'),
    [
        ({'data_root': 'nowhere'}, 'data_root', 'nowhere'),
        ({'classes_file': 'names.txt'}, 'classes_file', 'names.txt'),
        ({'ann_file': 'splits/labeled.csv'}, 'ann_file', 'splits/labeled.csv'),
        ({'ann_file': ''}, 'ann_file', ''),
    ],
)
def test_missing_files(root, change, key, path):
    args = {'ann_file': 'train.csv', 'data_root': str(root), **change}
    with pytest.raises(DataError) as error:
        AVDataset(**args, prepare_command='python tools/data/prepare.py')
    for word in (path, f'`{key}`', 'labeled', ': python tools/data/prepare.py'):
        assert word in str(error.value)
    with pytest.raises(DataError, match='prepare the data'):
        AVDataset(**args)


@pytest.mark.parametrize('source', ['labeled', 'test'])
def test_missing_label(root, source):
    (root / 'gap.csv').write_text('path,label\n\nv/0.mp4,1\nv/1.mp4,\n')
    with pytest.raises(DataError, match=rf'gap\.csv:4: v/1\.mp4 has no label, .* {source}'):
        make(root, 'gap.csv', source=source)


def test_configs(root):
    cfg = {'type': 'AVDataset', 'ann_file': 'train.csv', 'data_root': str(root)}
    assert len(DATASETS.build(cfg)) == 10
    with pytest.raises(ConfigError, match="Did you mean 'data_root'"):
        DATASETS.build({**cfg, 'dataroot': 'x'})
    with pytest.raises(ConfigError, match=r"`source` to be one of .* got 'weak'"):
        DATASETS.build({**cfg, 'source': 'weak'})
