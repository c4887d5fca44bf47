import json

import pytest

from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.preparation.prepare import Options, prepare
from mmavssl.datasets.preparation.vggss import VGGSS
from mmavssl.utils import DataError

TRAIN = ('00H4-cKmeNg_000153', '0292kQJnKos_000030', '-E5o64ACjm0_000017')
BOXES = {
    '-E5o64ACjm0_000017': [[-0.1, 0.25, 0.5, 1.0]],
    'zpWuikVorYg_000032': [[0.4, 0.3, 0.6, 0.8], [0, 0, 1, 1]],
    'gEvCUcZ6w88_000030': [[0.45, 0.2]],
    'JIemsK_0lXc_000364': [[0.03125, 0.3625, 0.36875, 0.9875]],
}


@pytest.fixture
def lists(tmp_path):
    """Write the lists of a small release and return their paths."""
    rows = [{'file': name, 'class': 'any', 'bbox': boxes} for name, boxes in BOXES.items()]
    (tmp_path / 'vggss.json').write_text(json.dumps(rows))
    (tmp_path / 'vggss_10k.txt').write_text('\n'.join(TRAIN))
    (tmp_path / 'vggss_test.csv').write_text('zpWuikVorYg_000032,any\nabsent_____a_000001,any\n')
    return {
        'train_list': tmp_path / 'vggss_10k.txt', 'annotations': tmp_path / 'vggss.json',
    }  # fmt: skip


def paths(out, part):
    return [entry.path for entry in read_manifest(out / f'manifest_{part}.csv', ['sound'])]


def test_videos_in_every_spelling(make_tree, lists, tmp_path):
    raw = make_tree(
        sound=['00H4-cKmeNg_000153.mp4', 'x/0292kQJnKos_30.mp4', '-E5o64ACjm0_17000_27000.mp4',
               'zpWuikVorYg_32.mp4', 'AAAAAAAAAAA_000001.mp4'],
        silent=['JIemsK_0lXc_000364.mp4'],
    )  # fmt: skip
    summary = prepare(VGGSS(**lists), raw, tmp_path / 'out', Options())
    assert paths(tmp_path / 'out', 'train') == [
        'videos/00H4-cKmeNg_000153.mp4', 'videos/x/0292kQJnKos_30.mp4',
    ]  # fmt: skip
    assert paths(tmp_path / 'out', 'test') == [
        'videos/-E5o64ACjm0_17000_27000.mp4', 'videos/zpWuikVorYg_32.mp4',
    ]  # fmt: skip
    assert json.loads((tmp_path / 'out/boxes_test.json').read_text()) == {
        '-E5o64ACjm0_17000_27000': BOXES['-E5o64ACjm0_000017'],
        'zpWuikVorYg_32': BOXES['zpWuikVorYg_000032'],
    }
    assert {reason: sum(n.values()) for reason, n in summary['rejected'].items()} == {
        'no boxes': 1, 'no sound': 1, 'test clip': 1,
    }  # fmt: skip
    assert summary['references'] == [
        {'source': 'ids in the lists', 'train': '3', 'test': '4'},
        {'source': 'the release', 'train': '10,000', 'test': '5,158'},
    ]
    assert list(summary['not_of_the_data_set'].values()) == [1]


def test_frames_and_a_test_list(lists, tmp_path, write_frame, write_sound):
    for name in (*TRAIN, *BOXES):
        write_frame(tmp_path / f'raw/frames/{name}.png')
        write_sound(tmp_path / f'raw/audio/{name}.wav', seconds=0.1)
    recipe = VGGSS(**lists, test_list=tmp_path / 'vggss_test.csv')
    summary = prepare(recipe, tmp_path / 'raw', tmp_path / 'out', Options(decode=True))
    assert paths(tmp_path / 'out', 'train') == [f'videos/frames/{name}.png' for name in TRAIN]
    assert paths(tmp_path / 'out', 'test') == ['videos/frames/zpWuikVorYg_000032.png']
    assert summary['rejected'] == {'no boxes': {'train': 0, 'test': 1}}


@pytest.mark.parametrize('text', ['{', '{"a": 1}', '[{"file": "a"}]'])
def test_other_annotations(lists, tmp_path, text):
    (tmp_path / 'vggss.json').write_text(text)
    (tmp_path / 'raw').mkdir()
    with pytest.raises(DataError, match=r'vggss\.json is not the list of boxes of VGG-SS'):
        prepare(VGGSS(**lists), tmp_path / 'raw', tmp_path / 'out', Options())
