"""Kinetics-400 and VGGSound in the layouts that people have."""

import pytest

from mmavssl.datasets.preparation.file_tree import list_files
from mmavssl.datasets.preparation.k400 import K400
from mmavssl.datasets.preparation.vggsound import VGGSound
from mmavssl.utils import ConfigError, DataError

IDS = ('0wR5jVB-WPk', '-3B32lodo2M', '_q_______12', '00000000003')
CHEERS, GAME = "massaging person's head", 'passing American football (in game)'
K400_HEAD = 'label,youtube_id,time_start,time_end,split,is_cc\n'
K400_TRAIN = f'{K400_HEAD}"{CHEERS}",{IDS[0]},417,427,train,0\n{GAME},{IDS[1]},0,10,train,0\n'
K400_VAL = f'{K400_HEAD}zumba,{IDS[2]},7,17,val,0\n'
EXPECTED = {(IDS[0], 'train', CHEERS), (IDS[1], 'train', GAME), (IDS[2], 'test', 'zumba')}
SOUND = 'bee, wasp, etc. buzzing'
VGG = f'{IDS[0]},30,"{SOUND}",train\n{IDS[1]},0,"{SOUND}",test\n{IDS[2]},120,hail,test\n'
VGG_EXPECTED = {(IDS[0], 'train', SOUND), (IDS[1], 'test', SOUND), (IDS[2], 'test', 'hail')}


@pytest.fixture
def place(tmp_path):
    """Return a function that finds clips among empty files and lists."""

    def run(recipe, names, lists):
        for name, text in {**dict.fromkeys(names, ''), **lists}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return recipe.find(list_files(tmp_path))

    return run


def clips(found):
    return {(clip.key[:11], clip.part, clip.class_name) for clip in found.clips}


NAMES = (f'{IDS[0]}_000417_000427', f'{IDS[1]}_000000_000010', f'{IDS[2]}_000007_000017')
FOLDERS = (CHEERS, GAME, 'zumba')
PLAIN = ('massaging_persons_head', 'passing_american_football_in_game', 'zumba')
K400_LISTS = {'annotations/train.csv': K400_TRAIN, 'annotations/val.csv': K400_VAL}


@pytest.mark.parametrize(
    ('files', 'lists'),
    [
        ([f'train/{NAMES[0]}.mp4', f'train/{NAMES[1]}.mp4', f'val/{NAMES[2]}.mp4'], K400_LISTS),
        ([f'{name}.mkv' for name in NAMES],
         {'kinetics.csv': K400_TRAIN + K400_VAL.removeprefix(K400_HEAD)}),
        ([f'{name}.mp4' for name in IDS[:3]], K400_LISTS),
        ([f'{part}/{folder}/{name}.mp4' for part, folder, name in
          zip(('videos_train', 'videos_train', 'videos_val'), FOLDERS, NAMES, strict=True)], {}),
        ([f'{part}/{folder}/{name}.webm' for part, folder, name in
          zip(('train_256', 'train_256', 'val_256'), PLAIN, IDS, strict=False)], {}),
        ([f'{part}/{name}.mp4' for part, name in
          zip(('videos_train', 'videos_train', 'videos_val'), NAMES, strict=True)],
         {'kinetics400_train_list_videos.txt':
              f'{NAMES[0]}.mp4 {K400().classes.index(CHEERS)}\r\n'
              f'a b/{NAMES[1]}.mp4 {K400().classes.index(GAME)}\r\n',
          'kinetics400_val_list_videos.txt': f'{NAMES[2]}.mp4 399\n'}),
    ],
    ids=['cvdf', 'flat', 'ids alone', 'mmaction2 folders', 'train_256', 'mmaction2 lists'],
)  # fmt: skip
def test_k400_layouts(place, files, lists):
    found = place(K400(), files, lists)
    assert clips(found) == EXPECTED
    assert not found.rejected
    assert not found.missing


@pytest.mark.parametrize(
    ('files', 'lists'),
    [
        ([f'video/{IDS[0]}_000030.mp4', f'{IDS[1]}_000000.mp4', f'{IDS[2]}_000120.mp4'],
         {'vggsound.csv': VGG}),
        ([f'{IDS[0]}_30.mp4', f'{IDS[1]}_0.mp4', f'{IDS[2]}_120.mp4'], {'vggsound.csv': VGG}),
        ([f'{IDS[0]}_30000_40000.mkv', f'{IDS[1]}_0_10000.mkv', f'{IDS[2]}_120000_130000.mkv'],
         {'vggsound.csv': VGG}),
        ([f'train/bee_wasp_etc_buzzing/{IDS[0]}_000030.mp4', f'test/{SOUND}/{IDS[1]}.mp4',
          f'test/hail/{IDS[2]}_000120.mp4'], {}),
        ([f'{IDS[0]}_000030.mp4', f'{IDS[1]}_000000.mp4', f'{IDS[2]}_000120.mp4'],
         {'train.csv': f'{IDS[0]}_000030.mp4,"{SOUND}"\n',
          'test.csv': f'{IDS[1]}_000000.mp4,"{SOUND}"\n{IDS[2]}_000120.mp4,hail\n'}),
    ],
    ids=['official', 'short start', 'milliseconds', 'folders', 'older lists'],
)  # fmt: skip
def test_vggsound_layouts(place, files, lists):
    found = place(VGGSound(), files, lists)
    assert clips(found) == VGG_EXPECTED
    assert not found.rejected
    assert not found.missing


def test_clips_of_the_same_video_are_told_apart(place):
    rows = f'{IDS[0]},30,hail,train\n{IDS[0]},50,"{SOUND}",test\n'
    names = [f'{IDS[0]}_000050.mp4', f'{IDS[0]}_000030.mp4', f'{IDS[0]}.mp4', f'{IDS[0]}_9.mp4']
    found = place(VGGSound(), names, {'vggsound.csv': rows})
    assert [(clip.path, clip.class_name) for clip in found.clips] == [
        (names[1], 'hail'), (names[0], SOUND)
    ]  # fmt: skip
    assert {row.path for row in found.rejected} == set(names[2:])


def test_rows_without_a_file_are_missing(place):
    found = place(K400(), [f'{NAMES[0]}.mp4'], K400_LISTS)
    assert [tuple(row) for row in found.missing] == [
        (f'{IDS[1]}_000000', 'train', GAME), (f'{IDS[2]}_000007', 'test', 'zumba')
    ]  # fmt: skip


def test_what_is_left_out(place):
    test = f'{K400_HEAD}zumba,{IDS[3]},1,11,test,0\nflying,{IDS[0]},1,11,train,0\n'
    files = [f'test/{IDS[3]}_000001_000011.mp4', f'{IDS[0]}_000001_000011.mp4', 'holidays.mp4']
    found = place(K400(), files, {'test.csv': test})
    assert not found.clips
    assert found.others == {'of the test part, which is not used': 1}
    assert {row.path: row.reason for row in found.rejected} == {
        files[1]: 'unknown class', files[2]: 'unknown clip'
    }  # fmt: skip


def test_contradictions(place):
    both = {'train.csv': K400_TRAIN, 'validate.csv': K400_TRAIN.replace(',train,', ',val,')}
    found = place(K400(), [f'{NAMES[0]}.mp4'], both)
    assert 'train.csv:2 says train' in found.rejected[0].detail
    assert 'validate.csv:2 val' in found.rejected[0].detail


def test_folder_and_list_contradict(place):
    found = place(K400(), [f'train/zumba/{NAMES[0]}.mp4'], K400_LISTS)
    [row] = found.rejected
    assert row.reason == 'contradiction'
    assert row.detail.startswith('it is in train/zumba, but train.csv:2 says train')


def test_class_that_is_called_training(place):
    found = place(K400(), [f'val/training dog/{IDS[0]}.mp4'], {})
    assert clips(found) == {(IDS[0], 'test', 'training dog')}
    found = place(VGGSound(), [f'test/train horning/{IDS[1]}.mp4'], {})
    assert (IDS[1], 'test', 'train horning') in clips(found)


def test_annotations_elsewhere(tmp_path):
    raw, path = tmp_path / 'raw', tmp_path / 'k400.csv'
    raw.mkdir()
    (raw / f'{NAMES[0]}.mp4').touch()
    path.write_text(K400_TRAIN)
    found = K400([path]).find(list_files(raw))
    assert clips(found) == {(IDS[0], 'train', CHEERS)}
    assert len(found.missing) == 1
    with pytest.raises(ConfigError, match='absent is not a file; `--annotations` names it'):
        K400([tmp_path / 'absent']).find(list_files(raw))
    path.write_text('a,b\n')
    with pytest.raises(ConfigError, match='is no list of Kinetics-400 that is known'):
        K400([path]).find(list_files(raw))


def test_bad_row(place):
    with pytest.raises(DataError, match=r'vggsound\.csv:4: expected a row like the first ones'):
        place(VGGSound(), [], {'vggsound.csv': VGG + 'a,b\n'})


def test_shipped_classes():
    assert (len(K400().classes), len(VGGSound().classes)) == (400, 309)
    assert K400().classes == tuple(sorted(K400().classes, key=str.lower))
