"""Lists of predictions, and what the data set of a training makes of them."""

import os
from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from mmavssl.apis.prediction_lists import (
    check_nameable,
    most_uncertain,
    save_pseudo_labels,
    save_unlabeled,
)
from mmavssl.datasets import AVDataset, SemiSupervisedDataset
from mmavssl.datasets.clip_table import ClipEntry
from mmavssl.datasets.manifest import read_manifest
from mmavssl.utils.errors import ConfigError, DataError
from tests.small_predictor import class_names, small_config, test_videos


def predictions_of(paths, labels, scores):
    return [
        {'path': path, 'label': label, 'score': score, 'entropy': 1 - score, 'margin': score / 2}
        for path, label, score in zip(paths, labels, scores, strict=True)
    ]


@pytest.fixture
def predictions(avsprites_root):
    """Of four clips; one of them is predicted twice."""
    paths = test_videos(avsprites_root)[:4]
    found = predictions_of(paths, (3, 0, 3, 7), (0.9, 0.3, 0.95, 0.90000001))
    return [*found, found[0]]


def test_training_reads_pseudo_labels(predictions, avsprites_root, tmp_path):
    """The labeled part of a shipped config, with the list in the place of its own."""
    classes = class_names(avsprites_root)
    path = tmp_path / 'pseudo.csv'
    assert save_pseudo_labels(path, predictions, classes, min_confidence=0.9) == 3
    rows = [line.split(',') for line in path.read_text().splitlines()]
    assert rows[0] == ['path', 'label', 'confidence']
    assert [row[1:] for row in rows[1:]] == [
        [classes[3], '0.9'], [classes[3], '0.95'], [classes[7], '0.9'],
    ]  # fmt: skip
    cfg = small_config(avsprites_root)
    init_default_scope('mmavssl')
    cfg.train_dataloader.dataset.labeled.ann_file = str(path)
    dataset = SemiSupervisedDataset(**{
        key: value for key, value in cfg.train_dataloader.dataset.items() if key != 'type'
    })
    infos = [dataset.labeled.get_data_info(index) for index in range(3)]
    assert [info['label'] for info in infos] == [3, 3, 7]
    assert [info['confidence'] for info in infos] == [0.9, 0.95, 0.9]
    sample = dataset[1]
    assert int(sample['data_samples'].gt_label) == 3
    assert sample['data_samples'].video_path == predictions[2]['path']


def test_paths_do_not_depend_on_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = predictions_of(['a/../b.mp4', 'http://host/c.mp4'], (0, 1), (1.0, 0.5))
    save_pseudo_labels('list.csv', found)
    lines = Path('list.csv').read_text().splitlines()
    assert lines[1:] == [f'{os.getcwd()}/b.mp4,0,1.0', 'http://host/c.mp4,1,0.5']


def test_parts_of_files_are_kept(avsprites_root, tmp_path, monkeypatch):
    """Of one file, with a sound of its own; each part is once in a list."""
    monkeypatch.chdir(tmp_path)
    found = predictions_of(['a.mp4'] * 3, (0, 1, 2), (0.5, 0.6, 0.7))
    found[0].update(start=1.0, end=2.5)
    found[1].update(start=3.0, audio_path='b.wav')
    place = os.getcwd()
    save_pseudo_labels('list.csv', [*found, found[0]])
    table = read_manifest('list.csv', class_names(avsprites_root))
    assert table == [
        ClipEntry(f'{place}/a.mp4', 0, 1.0, 2.5, confidence=0.5),
        ClipEntry(f'{place}/a.mp4', 1, 3.0, None, f'{place}/b.wav', confidence=0.6),
        ClipEntry(f'{place}/a.mp4', 2, confidence=0.7),
    ]
    chosen = most_uncertain([*found, found[0]], 2)
    save_unlabeled('list.csv', chosen)
    assert read_manifest('list.csv', None) == [
        ClipEntry(f'{place}/a.mp4', start=1.0, end=2.5),
        ClipEntry(f'{place}/a.mp4', start=3.0, audio_path=f'{place}/b.wav'),
    ]


def test_no_label_is_likely_enough(predictions, tmp_path):
    path = tmp_path / 'list.csv'
    with pytest.raises(DataError, match=r'none has a class with a confidence of 0\.96; the high'):
        save_pseudo_labels(path, predictions, min_confidence=0.96)
    assert not path.exists()
    with pytest.raises(ConfigError, match='from 0 to 1, but got 90'):
        save_pseudo_labels(path, predictions, min_confidence=90)


@pytest.mark.parametrize('measure', ['entropy', 'margin', 'confidence'])
def test_the_least_certain_come_first(predictions, avsprites_root, tmp_path, measure):
    chosen = most_uncertain(predictions, 3, measure)
    assert [each['score'] for each in chosen] == [0.3, 0.9, 0.90000001]
    path = tmp_path / 'list.csv'
    save_unlabeled(path, chosen)
    dataset = AVDataset(
        str(path), classes_file=str(avsprites_root / 'classes.txt'), source='unlabeled'
    )
    videos = [dataset.get_data_info(index)['video_path'] for index in range(len(dataset))]
    assert videos == [each['path'] for each in chosen]


def test_measures_differ():
    found = predictions_of(['a', 'b'], (0, 0), (0.6, 0.5))
    found[0].update(entropy=2.0, margin=0.5)
    found[1].update(entropy=1.0, margin=0.1)
    first = [most_uncertain(found, 1, name)[0]['path'] for name in ('entropy', 'margin')]
    assert first == ['a', 'b']
    assert most_uncertain(found, 1, 'confidence')[0]['path'] == 'b'


def test_wrong_choices(predictions):
    with pytest.raises(ConfigError, match="but got 'doubt'"):
        most_uncertain(predictions, 1, 'doubt')
    with pytest.raises(ConfigError, match='at least 1 of the most uncertain videos, but got 0'):
        most_uncertain(predictions, 0)


def test_names_that_cannot_stand_in_a_list(tmp_path, monkeypatch):
    check_nameable(['a b.mp4', 'ü.mp4', 'http://host/a.mp4'])
    for name in ('two\nlines.mp4', 'caf\udce9.mp4'):
        with pytest.raises(DataError, match='cannot stand in a list') as caught:
            check_nameable(['a.mp4', name])
        assert str(caught.value).startswith(ascii(name))
    (tmp_path / 'a\nb').mkdir()
    monkeypatch.chdir(tmp_path / 'a\nb')  # paths of lists are absolute
    with pytest.raises(DataError, match=r"^'a\.mp4' cannot stand"):
        check_nameable(['a.mp4'])
