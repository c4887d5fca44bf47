"""Clips that are skipped or damaged are replaced, counted, and logged once."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch.utils.data import DataLoader

from mmavssl.structures import DrawIndex
from mmavssl.utils import DataError
from tests.test_datasets.test_av_dataset.toys import Draws, Skip, make


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
