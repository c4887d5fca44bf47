import csv
import json

import pytest

from mmavssl.datasets.av_dataset import AVDataset
from mmavssl.datasets.manifest import read_classes, read_manifest
from mmavssl.datasets.preparation.folder import Folder, Unlabeled
from mmavssl.datasets.preparation.k400 import K400
from mmavssl.datasets.preparation.prepare import Options, prepare
from mmavssl.datasets.preparation.summary import format_summary
from mmavssl.datasets.preparation.ucf51 import UCF51
from mmavssl.utils import ConfigError, DataError

ODD = 'train/run, jog/Ünï "cödé" 日本, 1.mp4'
UCF = {
    'sound': [
        'Archery/v_Archery_g01_c01.mp4', 'Archery/v_Archery_g08_c01.mp4',
        'HandstandPushups/v_HandStandPushups_g07_c01.mp4',
        'HandstandPushups/v_HandStandPushups_g09_c01.mp4', 'Biking/v_Biking_g09_c01.mp4',
        'copy/v_archery_g08_c01.mp4',
    ],
    'silent': ['HandstandPushups/v_HandStandPushups_g14_c01.mp4'],
    'text': ['Archery/v_Archery_g09_c01.mp4'],
}  # fmt: skip


def rows(path):
    with path.open(encoding='utf-8') as file:
        return list(csv.DictReader(file))


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def clips(out, part):
    return [
        (entry.path, entry.label)
        for entry in read_manifest(out / f'manifest_{part}.csv', read_classes(out / 'classes.txt'))
    ]


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'data'


def test_ucf51(make_tree, out):
    raw = make_tree(**UCF)
    summary = prepare(UCF51(), raw, out, Options(workers=2))
    archery, pushups = (UCF51().classes.index(name) for name in ('Archery', 'HandstandPushups'))
    assert clips(out, 'train') == [
        ('videos/Archery/v_Archery_g08_c01.mp4', archery),
        ('videos/HandstandPushups/v_HandStandPushups_g09_c01.mp4', pushups),
    ]
    assert clips(out, 'test') == [
        ('videos/Archery/v_Archery_g01_c01.mp4', archery),
        ('videos/HandstandPushups/v_HandStandPushups_g07_c01.mp4', pushups),
    ]
    assert [(row['path'], row['reason']) for row in rows(out / 'rejected.csv')] == [
        ('Archery/v_Archery_g09_c01.mp4', 'unreadable'),
        ('HandstandPushups/v_HandStandPushups_g14_c01.mp4', 'no sound'),
        ('copy/v_archery_g08_c01.mp4', 'duplicate'),
    ]
    assert summary == json.loads((out / 'summary.json').read_text())
    assert summary['found'] == {'train': 5, 'test': 2}
    assert summary['kept'] == {'train': 2, 'test': 2}
    assert summary['rejected'] == {
        'duplicate': {'train': 1, 'test': 0},
        'no sound': {'train': 1, 'test': 0},
        'unreadable': {'train': 1, 'test': 0},
    }
    assert summary['not_of_the_data_set'] == {'of other classes of UCF-101': 1}
    assert summary['per_class']['train']['Archery'] == 1
    assert len(rows(out / 'probe.csv')) == 7


def test_text_of_the_summary(make_tree, out):
    text = format_summary(prepare(UCF51(), make_tree(**UCF), out, Options()))
    lines = {line[:28].strip(): line[28:].split() for line in text.splitlines()}
    assert lines['found'] == ['5', '2']
    assert lines['rejected: no sound'] == ['1', '0']
    assert lines['the paper'] == ['4.9K', '1.4K']
    assert lines["UCF-101's split 1"] == ['4,901', '1,944']
    assert '1 files of other classes of UCF-101 are left out.' in text
    assert "WARNING: no train clip is left of 49 classes: 'ApplyEyeMakeup'" in text


def test_second_run_changes_nothing(make_tree, out):
    raw = make_tree(**UCF)
    prepare(UCF51(), raw, out, Options())
    before = content(out)
    prepare(UCF51(), raw, out, Options())
    assert content(out) == before


def test_shards_and_merge_equal_one_run(make_tree, out, tmp_path):
    raw = make_tree(**UCF)
    for i in (1, 3):
        assert prepare(UCF51(), raw, out, Options(shard=(i, 3))) is None
    assert sorted(content(out)) == ['probe_1of3.csv', 'probe_3of3.csv']
    with pytest.raises(
        DataError, match=r'2 of 7 files have not .* Missing: probe_2of3\.csv\. Run'
    ):
        prepare(UCF51(), raw, out, Options(merge=True))
    prepare(UCF51(), raw, out, Options(shard=(2, 3)))
    prepare(UCF51(), raw, out, Options(merge=True))
    prepare(UCF51(), raw, tmp_path / 'whole', Options())
    merged, whole = content(out), content(tmp_path / 'whole')
    assert {name: merged[name] for name in whole} == whole
    (raw / 'Archery/v_Archery_g01_c01.mp4').write_text('changed')
    with pytest.raises(DataError, match='1 of 7 files have not been read by a shard'):
        prepare(UCF51(), raw, out, Options(merge=True))


def test_keep_silent(make_tree, out):
    prepare(UCF51(), make_tree(**UCF), out, Options(keep_silent=True))
    assert 'videos/HandstandPushups/v_HandStandPushups_g14_c01.mp4' in dict(clips(out, 'train'))
    assert 'no sound' not in {row['reason'] for row in rows(out / 'rejected.csv')}


def test_good_copy_of_a_broken_file_is_kept(make_tree, out):
    name = '0wR5jVB-WPk_000417_000427.mp4'
    raw = make_tree(text=[f'train/abseiling/{name}'], sound=[f'train_repl/abseiling/{name}'])
    prepare(K400(), raw, out, Options())
    assert clips(out, 'train') == [(f'videos/train_repl/abseiling/{name}', 0)]
    assert [row['reason'] for row in rows(out / 'rejected.csv')] == ['unreadable']


def test_missing_rows_are_listed(make_tree, out):
    raw = make_tree(sound=['train/0wR5jVB-WPk_000417_000427.mp4'])
    (raw / 'train.csv').write_text(
        'label,youtube_id,time_start,time_end,split\nzumba,0wR5jVB-WPk,417,427,train\n'
        'yoga,00000000001,5,15,train\n'
    )
    summary = prepare(K400(), raw, out, Options())
    assert rows(out / 'missing.csv') == [
        {'clip': '00000000001_000005', 'part': 'train', 'class_name': 'yoga'}
    ]
    assert summary['missing'] == {'train': 1, 'test': 0}
    assert 'listed, but no file (missing.csv)' in format_summary(summary)


def test_odd_names_and_training_reads_them(make_tree):
    raw = make_tree('own', sound=[ODD, 'test/run, jog/ a.mp4'])
    prepare(Folder(), raw, raw, Options())
    assert not (raw / 'videos').exists()
    assert clips(raw, 'train') == [(ODD, 0)]
    assert clips(raw, 'test') == [('test/run, jog/ a.mp4', 0)]
    before = content(raw)
    prepare(Folder(), raw, raw, Options())
    assert content(raw) == before
    data = AVDataset(
        ann_file='manifest_train.csv', data_root=str(raw), source='labeled',
        pipeline=[dict(type='OpenAVFile')],
    )  # fmt: skip
    assert data[0]['video_file'].num_frames == 10


def test_absolute(make_tree, out):
    raw = make_tree(sound=['train/a/1.mp4', 'test/a/2.mp4'])
    prepare(Folder(), raw, out, Options(absolute=True))
    assert clips(out, 'train') == [(f'{raw}/train/a/1.mp4', 0)]
    assert not (out / 'videos').exists()


def test_unlabeled_beside_labeled(make_tree):
    raw = make_tree('own', sound=['train/a/1.mp4', 'test/a/2.mp4', 'more/3.mp4', 'more/x/4.mp4'])
    prepare(Folder(), raw, raw, Options())
    before = content(raw)
    summary = prepare(Unlabeled(), raw / 'more', raw, Options())
    assert summary['kept'] == {'unlabeled': 2}
    assert (
        raw / 'manifest_unlabeled.csv'
    ).read_text() == 'path,label\nmore/3.mp4,\nmore/x/4.mp4,\n'
    after = content(raw)
    assert {name: after[name] for name in before} == before


def test_another_data_set_is_not_replaced(make_tree, out):
    raw = make_tree(sound=['train/a/1.mp4', 'test/a/2.mp4', 'v_Archery_g01_c01.mp4'])
    prepare(Folder(), raw, out, Options())
    with pytest.raises(ConfigError, match='holds lists of own videos, and those of UCF-51 would'):
        prepare(UCF51(), raw, out, Options())
    (out / 'summary.json').unlink()
    with pytest.raises(ConfigError, match='holds lists of another origin'):
        prepare(Folder(), raw, out, Options())


def test_nothing_found(make_tree, out):
    raw = make_tree(sound=['holiday.mp4'])
    message = r'has 1 video files, but none .* clip of UCF-51 \(the first: holiday\.mp4: expected'
    with pytest.raises(DataError, match=message):
        prepare(UCF51(), raw, out, Options())
    assert not out.exists()
