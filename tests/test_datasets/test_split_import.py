import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

import mmavssl
from mmavssl.datasets.manifest import read_manifest
from mmavssl.datasets.split_import import import_split
from mmavssl.utils import DataError

CLASSES = ('Archery', 'HandstandPushups')
TOOL = Path(mmavssl.__file__).parents[1] / 'tools' / 'data' / 'make_split.py'
ARCHERY = [f'UCF-101/Archery/v_Archery_g{g:02d}_c01.avi' for g in (8, 9, 10)]
PUSHUPS = [f'UCF-101/HandstandPushups/v_HandStandPushups_g{g:02d}_c01.avi' for g in (8, 9, 10)]
BIKING = 'UCF-101/Biking/v_Biking_g08_c01.avi 10'
LABELED = [f'{ARCHERY[1]} 2', BIKING, f'{PUSHUPS[2]} 36']
POOL = [f'{PUSHUPS[0]} 36', f'{ARCHERY[0]} 2', f'{BIKING[:-8]}2.avi 10', f'{ARCHERY[2]} 2']


@pytest.fixture
def root(tmp_path):
    """A data set of ours, whose folders and suffixes are others."""
    (tmp_path / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')
    rows = [
        f'videos/{Path(path).stem}.mp4,{i}' for i, p in enumerate((ARCHERY, PUSHUPS)) for path in p
    ]
    (tmp_path / 'train.csv').write_text('\n'.join(['path,label', *rows]) + '\n')
    return tmp_path


def write(root, name, lines):
    (root / name).write_text('\r\n'.join(lines) + '\r\n', newline='')
    return root / name


def run(root, labeled, pool=None, **keys):
    labeled = write(root, 'list_1_train.csv', labeled)
    pool = write(root, 'list_1_unlabel.csv', pool) if pool else None
    return import_split(
        root / 'train.csv', root / 'classes.txt', root / 'split', labeled, pool, **keys
    )


def clips(root, name):
    entries = read_manifest(root / 'split' / name, CLASSES)
    return [(Path(entry.path).stem, entry.label) for entry in entries]


def test_both_lists(root):
    facts = run(root, LABELED, POOL)
    assert clips(root, 'labeled.csv') == [
        ('v_Archery_g09_c01', 0),
        ('v_HandStandPushups_g10_c01', 1),
    ]
    assert clips(root, 'unlabeled.csv') == [
        ('v_Archery_g08_c01', 0), ('v_Archery_g10_c01', 0), ('v_HandStandPushups_g08_c01', 1)
    ]  # fmt: skip
    assert facts == json.loads((root / 'split/split.json').read_text())
    assert facts['imported']['labeled_list'] == {
        'file': 'list_1_train.csv',
        'sha256': hashlib.sha256((root / 'list_1_train.csv').read_bytes()).hexdigest(),
        'rows': 3, 'taken': 2, 'of_other_classes': 1, 'not_in_the_manifest': [],
    }  # fmt: skip
    assert facts['imported']['unlabeled_list']['taken'] == 3
    assert (facts['num_labeled'], facts['num_unlabeled']) == (2, 3)


def test_rest_of_the_manifest_is_the_pool(root):
    assert run(root, LABELED, keep_labels=False)['num_unlabeled'] == 4
    assert {label for _, label in clips(root, 'unlabeled.csv')} == {None}


def test_clips_that_we_rejected_are_named(root):
    gone = 'UCF-101/HandstandPushups/v_HandStandPushups_g14_c01.avi'
    facts = run(root, [*LABELED, f'{gone} 36'], POOL)
    assert facts['imported']['labeled_list']['not_in_the_manifest'] == [gone]
    flat = 'videos/v_HandStandPushups_g14_c01.avi'
    facts = run(root, [*LABELED, f'{flat} 36'], POOL, overwrite=True)
    assert facts['imported']['labeled_list']['not_in_the_manifest'] == [flat]


@pytest.mark.parametrize(
    ('labeled', 'message'),
    [
        (LABELED[:2], "leaves 1 of 2 classes without a labeled clip, the first is 'Handstand"),
        ([*LABELED, LABELED[0]], r'csv:4: .* is at .*csv:1 already'),
        ([*LABELED, POOL[0]], r'1 clips are in both lists, .*train\.csv:4 and .*unlabel\.csv:1'),
        ([*LABELED, f'{ARCHERY[2]} 36'], r"number 36 of .* is not that of 'Archery'"),
        ([*LABELED, f'{PUSHUPS[1]} 37'], r"number 37 of .* is not that of 'HandstandPushups'"),
        ([*LABELED, 'HandstandPushups/v_Archery_g08_c01.avi 2'], "is in a folder 'HandstandPus"),
        ([*LABELED, 'clip.avi'], r"csv:4: expected `path label` .* but got 'clip.avi'"),
    ],
)
def test_refusals(root, labeled, message):
    pool = POOL if 'both' in message else [POOL[-1]] if 'number 37' in message else None
    with pytest.raises(DataError, match=message):
        run(root, labeled, pool)
    assert not (root / 'split').exists()


def test_list_of_another_division(root):
    (root / 'manifest_test.csv').write_text('path,label\nv_Archery_g02_c01.avi,0\n')
    labeled = [*LABELED, 'a/v_Archery_g02_c01.avi 2']
    with pytest.raises(DataError, match=r'1 listed clips are test clips, .* \(.*csv:4\), line 2'):
        run(root, labeled, test_manifest=root / 'manifest_test.csv')


def test_two_of_ours_with_one_name(root):
    with (root / 'train.csv').open('a') as file:
        file.write('more/v_archery_g08_c01.avi,0\n')
    with pytest.raises(DataError, match='have the same file name'):
        run(root, LABELED)


def test_tool(root, capsys, monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('make_split', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    labeled = write(root, 'list_1_train.csv', [*LABELED, 'Archery/v_Archery_g14_c01.avi 2'])
    pool = write(root, 'list_1_unlabel.csv', POOL)
    command = [str(root / 'train.csv'), '--import-labeled', str(labeled)]
    assert module.main([*command, '--import-unlabeled', str(pool)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        'list_1_train.csv: 2 of 4 rows taken, 1 of other classes, 1 not in the manifest: '
        'v_Archery_g14_c01.avi',
        'list_1_unlabel.csv: 3 of 4 rows taken, 1 of other classes, 0 not in the manifest',
        f'{root}/splits/list_1_train: 2 labeled, 3 unlabeled clips',
    ]
    with pytest.raises(SystemExit):
        module.main([*command, '--shots', '1'])
    with pytest.raises(SystemExit):
        module.main([command[0], '--import-unlabeled', str(pool)])
