import csv
import json
from xml.etree import ElementTree

import av
import numpy as np
import pytest

from mmavssl.datasets.manifest import read_classes, read_manifest
from mmavssl.datasets.preparation.flickr_soundnet import FlickrSoundNet, read_xml
from mmavssl.datasets.preparation.prepare import Options, prepare
from mmavssl.datasets.preparation.summary import format_summary
from mmavssl.utils import ConfigError, DataError


def xml(*annotators):
    root = ElementTree.Element('annotation')
    for boxes in annotators:
        annotator = ElementTree.SubElement(root, 'annotator')
        for box in boxes:
            element = ElementTree.SubElement(annotator, 'bbox')
            for tag, value in zip('txyXYz', ('object', *box), strict=False):
                ElementTree.SubElement(element, tag).text = str(value)
    return ElementTree.tostring(root, 'unicode')


def rejected(out):
    with (out / 'rejected.csv').open() as file:
        return {row['path']: (row['part'], row['reason']) for row in csv.DictReader(file)}


def entries(out, part):
    classes = read_classes(out / 'classes.txt')
    return [
        (entry.path, entry.audio_path, entry.label)
        for entry in read_manifest(out / f'manifest_{part}.csv', classes)
    ]


@pytest.fixture
def raw(tmp_path, write_frame, write_sound):
    """Training and test folders as FNAC and EZ-VSL read them; id 3 is in both."""
    for part, pictures, sounds in (
        ('train', ('1', '2/0', '2/1', '3', '4', '99'), '1 2 3 5 99'),
        ('test', '3789', '3 7 8 9'),
    ):
        for name in pictures:
            write_frame(tmp_path / f'raw/{part}/frames/{name}.jpg')
        for name in sounds.split():
            seconds = 36.0 if name == '1' else 0.1
            write_sound(tmp_path / f'raw/{part}/audio/{name}.wav', seconds)
    folder = tmp_path / 'raw/test/Annotations'
    folder.mkdir()
    (folder / '3.xml').write_text(xml([(0, 0, 128, 256)], [(64, 32, 128, 256), (0, 0, 1, 1)]))
    (folder / '7.xml').write_text(xml([(0, 0, 256, 256)]))
    (folder / '9.xml').write_text(xml([(0, 0, 256)]))
    return tmp_path / 'raw'


@pytest.fixture
def recipe(tmp_path):
    """Return a function that makes the recipe for lists of ids."""

    def make(train='123456', test=('3,202', '7,0', '8,1', '9,0'), **keys):
        (tmp_path / 'flickr_10k.txt').write_text('\n'.join(train))
        (tmp_path / 'flickr_test.csv').write_text('\n'.join(test))
        return FlickrSoundNet(tmp_path / 'flickr_10k.txt', tmp_path / 'flickr_test.csv', **keys)

    return make


def test_sounds_of_the_release_are_mp3(raw, recipe, tmp_path, sound_writer):
    for path in raw.rglob('*.wav'):
        path.unlink()
        with av.open(str(path.with_suffix('.mp3')), 'w') as container:
            stream = container.add_stream('libmp3lame', rate=44100, layout='stereo')
            sound_writer(container, stream, np.sin(np.arange(22050)))
    out = tmp_path / 'out'
    prepare(recipe(), raw, out, Options())
    assert [sound for _, sound, _ in entries(out, 'train') + entries(out, 'test')] == [
        f'videos/{name}.mp3'
        for name in ('train/audio/1', 'train/audio/2', 'test/audio/3', 'test/audio/7')
    ]


def test_lists_boxes_and_what_is_left_out(raw, recipe, tmp_path):
    out = tmp_path / 'out'
    summary = prepare(recipe(), raw, out, Options())
    assert entries(out, 'train') == [
        ('videos/train/frames/1.jpg', 'videos/train/audio/1.wav', None),
        ('videos/train/frames/2', 'videos/train/audio/2.wav', None),
    ]
    assert entries(out, 'test') == [
        ('videos/test/frames/3.jpg', 'videos/test/audio/3.wav', None),
        ('videos/test/frames/7.jpg', 'videos/test/audio/7.wav', None),
    ]
    assert json.loads((out / 'boxes_test.json').read_text()) == {
        '3': [[0, 0, 0.5, 1], [0.25, 0.125, 0.5, 1], [0, 0, 1 / 256, 1 / 256]],
        '7': [[0, 0, 1, 1]],
    }
    assert rejected(out) == {
        '3': ('train', 'test clip'),
        'train/frames/4.jpg': ('train', 'no sound'),
        'train/audio/5.wav': ('train', 'no picture'),
        '6': ('train', 'no file'),
        'train/frames/3.jpg': ('test', 'duplicate'),
        '8': ('test', 'no boxes'),
        '9': ('test', 'no boxes'),
    }
    assert summary['kept'] == {'train': 2, 'test': 2}
    assert summary['hours'] == pytest.approx(0.01, abs=2e-3)
    assert not (out / 'missing.csv').exists()


def test_summary_compares_with_the_release(raw, recipe, tmp_path):
    text = format_summary(prepare(recipe(), raw, tmp_path / 'out', Options()))
    lines = {line[:20].strip(): line[20:].split() for line in text.splitlines()}
    assert lines['ids in the lists'] == ['6', '4']
    assert lines['the release'] == ['10,000', '249']
    assert lines['rejected: no boxes'] == ['0', '2']
    assert 'fewest of a class' not in text
    assert 'flickr_test has 4 ids, and that of the release 249.' in text
    assert '1 of 4 test ids are in flickr_10k: 3.\nThey are left out of training' in text
    assert '1 files (or pairs of picture and sound) that no list names are left out.' in text


def test_keep_test_ids(raw, recipe, tmp_path):
    summary = prepare(recipe(keep_test_ids=True), raw, tmp_path / 'out', Options())
    assert [path for path, _, _ in entries(tmp_path / 'out', 'train')] == [
        'videos/train/frames/1.jpg', 'videos/train/frames/2', 'videos/train/frames/3.jpg',
    ]  # fmt: skip
    assert summary['kept'] == {'train': 3, 'test': 2}
    assert any('They are kept in training' in note for note in summary['notes'])


def test_annotations_elsewhere(raw, recipe, tmp_path):
    (raw / 'test/Annotations').rename(tmp_path / 'boxes')
    prepare(recipe(annotations=tmp_path / 'boxes'), raw, tmp_path / 'out', Options())
    assert len(entries(tmp_path / 'out', 'test')) == 2
    with pytest.raises(ConfigError, match='absent is not a folder; `--annotations` names'):
        prepare(recipe(annotations=tmp_path / 'absent'), raw, tmp_path / 'out', Options())


def test_broken_files_are_rejected_and_a_second_run_reads_only_them(raw, recipe, tmp_path):
    (raw / 'train/frames/1.jpg').write_text('no picture')
    (raw / 'train/audio/2.wav').write_text('no sound')
    out = tmp_path / 'out'
    prepare(recipe(), raw, out, Options(workers=2))
    names = ('train/frames/1.jpg', 'train/frames/2')
    assert [rejected(out)[name] for name in names] == [('train', 'unreadable')] * 2
    probes = (out / 'probe.csv').read_text()
    assert 'train/frames/2,' in probes
    summary = prepare(recipe(), raw, out, Options())
    assert (out / 'probe.csv').read_text() == probes
    assert 'WARNING: no train clip is left at all' in format_summary(summary)


def test_each_list_has_its_own_folder(raw, recipe, tmp_path):
    prepare(recipe(), raw, tmp_path / 'out', Options())
    (tmp_path / 'flickr_10k.txt').rename(tmp_path / 'flickr_144k.txt')
    other = FlickrSoundNet(tmp_path / 'flickr_144k.txt', tmp_path / 'flickr_test.csv')
    with pytest.raises(ConfigError, match='holds lists of Flickr-SoundNet, flickr_10k, and those'):
        prepare(other, raw, tmp_path / 'out', Options())


def test_nothing_found(recipe, tmp_path):
    (tmp_path / 'raw/frames').mkdir(parents=True)
    (tmp_path / 'raw/frames/77.jpg').touch()
    with pytest.raises(
        DataError, match=r'has 0 video files and 1 others, but none .* 1: there is'
    ):
        prepare(recipe(), tmp_path / 'raw', tmp_path / 'out', Options())


@pytest.mark.parametrize(
    'text', ['<annotation/>', xml([(1, 2, 3)]), xml([('', 0, 1, 1)]), xml([(1, 2, 3, 4, 5)])]
)
def test_xml_of_another_form(tmp_path, text):
    (tmp_path / '1.xml').write_text(text)
    with pytest.raises(ValueError):
        read_xml(tmp_path / '1.xml')
