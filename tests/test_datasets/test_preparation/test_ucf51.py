from collections import Counter
from pathlib import Path

import pytest

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.ucf51 import UCF51


def find(*paths):
    return UCF51().find(FileTree(Path('raw'), dict.fromkeys(paths, (1, 1))))


def places(found):
    return [(clip.path, clip.part, clip.class_name) for clip in found.clips]


@pytest.mark.parametrize('folder', ['Archery/', 'UCF-101/Archery/', 'videos/Archery/', ''])
@pytest.mark.parametrize(
    ('group', 'part'), [('01', 'test'), ('07', 'test'), ('08', 'train'), ('25', 'train')]
)
def test_layouts_and_split(folder, group, part):
    path = f'{folder}v_Archery_g{group}_c02.avi'
    assert places(find(path)) == [(path, part, 'Archery')]


@pytest.mark.parametrize('folder', ['HandstandPushups/', 'HandStandPushups/', ''])
@pytest.mark.parametrize('name', ['HandstandPushups', 'HandStandPushups'])
def test_handstand_pushups_in_either_spelling(folder, name):
    path = f'{folder}v_{name}_g08_c01.mp4'
    [clip] = find(path).clips
    assert (clip.part, clip.class_name) == ('train', 'HandstandPushups')
    assert clip.key == 'v_handstandpushups_g08_c01'


def test_what_is_left_out():
    found = find('v_Biking_g01_c01.avi', 'v_Biking_g09_c01.avi', 'a.avi', 'v_Archery_g26_c01.avi')
    assert not found.clips
    assert found.others == {'of other classes of UCF-101': 2}
    assert [row.path for row in found.rejected] == ['a.avi', 'v_Archery_g26_c01.avi']


def test_notes_name_what_differs_from_the_split():
    notes = UCF51().notes({'train': Counter(Archery=1), 'test': Counter()})
    assert '1.4K' in notes[0]
    assert 'ApplyEyeMakeup 0 of 101, ApplyLipstick 0 of 82, Archery 1 of 104' in notes[1]
    assert notes[1].endswith('and 43 more classes.')


def test_classes():
    assert len(UCF51().classes) == 51
    assert 'HandstandPushups' in UCF51().classes
