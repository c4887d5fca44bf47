import hashlib
import importlib.util
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import mmavssl
from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest
from mmavssl.datasets.splits import k_shot, make_split
from mmavssl.utils import ConfigError, DataError

CLASSES = ('run', 'jump', 'sit', 'wave')
SEEDS = range(15)
PINNED = ['run/02.mp4', 'jump/07.mp4', 'sit/03.mp4', 'wave/10.mp4']
TOOL = Path(mmavssl.__file__).parents[1] / 'tools' / 'data' / 'make_split.py'


def clips(counts=(6, 9, 5, 12)):
    return [
        ClipEntry(f'{name}/{i:02d}.mp4', label)
        for label, (name, count) in enumerate(zip(CLASSES, counts, strict=True))
        for i in range(count)
    ]


@pytest.fixture
def root(tmp_path):
    rows = [f'{entry.path},{entry.label}' for entry in clips()]
    (tmp_path / 'train.csv').write_text('\n'.join(['path,label', *rows]) + '\n')
    (tmp_path / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')
    return tmp_path


def split(root, out='split', **kwargs):
    return make_split(root / 'train.csv', root / 'classes.txt', root / out, **kwargs)


def paths(entries):
    return {entry.path for entry in entries}


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('shots', [1, 3, 5])
def test_shots_per_class(seed, shots):
    chosen = k_shot(clips(), CLASSES, shots, seed)
    assert [entry.label for entry in chosen] == [i for i in range(4) for _ in range(shots)]
    assert len(paths(chosen)) == 4 * shots
    assert paths(k_shot(clips(), CLASSES, shots, seed + 100)) != paths(chosen)


@pytest.mark.parametrize('seed', SEEDS)
def test_order_of_list_and_classes_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    chosen = k_shot(clips(), CLASSES, 2, seed)
    entries = clips()
    rng.shuffle(entries)
    assert k_shot(entries, CLASSES, 2, seed) == chosen
    order = rng.permutation(4)
    names = [CLASSES[i] for i in order]
    new_label = {int(old): new for new, old in enumerate(order)}
    renumbered = [ClipEntry(entry.path, new_label[entry.label]) for entry in entries]
    assert paths(k_shot(renumbered, names, 2, seed)) == paths(chosen)


@pytest.mark.parametrize('seed', SEEDS)
def test_fewer_shots_are_among_more(seed):
    few, more = (paths(k_shot(clips(), CLASSES, shots, seed)) for shots in (1, 4))
    assert few < more


@pytest.mark.parametrize('seed', SEEDS)
def test_other_classes_do_not_matter(seed):
    chosen = paths(k_shot(clips(), CLASSES, 2, seed))
    some = [entry for entry in clips() if entry.label < 2]
    assert paths(k_shot(some, CLASSES[:2], 2, seed)) < chosen


def test_choice_is_pinned():
    """Splits are what results are compared on, so the same command must give the same clips."""
    assert [entry.path for entry in k_shot(clips(), CLASSES, 1, 0)] == PINNED


def test_every_clip_is_as_likely():
    counts = Counter(k_shot(clips(), CLASSES, 1, seed)[0].path for seed in range(1200))
    assert len(counts) == 6
    chi2 = sum((n - 200) ** 2 / 200 for n in counts.values())
    assert chi2 < 20.5  # 5 degrees of freedom: probability 0.001


def test_clips_of_one_file():
    entries = [ClipEntry('a.mp4', 0, float(i), i + 1.0) for i in range(5)]
    entries.append(ClipEntry('a.mp4', 0))
    chosen = {k_shot(entries, ('run',), 1, seed)[0].start for seed in range(60)}
    assert chosen == {0.0, 1.0, 2.0, 3.0, 4.0, None}


@pytest.mark.parametrize('include_labeled', [False, True])
def test_files(root, include_labeled):
    facts = split(root, shots=2, seed=3, include_labeled=include_labeled)
    labeled = read_manifest(root / 'split' / 'labeled.csv', CLASSES)
    unlabeled = read_manifest(root / 'split' / 'unlabeled.csv', CLASSES)
    pool = read_manifest(root / 'train.csv', CLASSES)
    assert labeled == k_shot(pool, CLASSES, 2, 3)
    expected = [e for e in pool if include_labeled or e.path not in paths(labeled)]
    assert unlabeled == expected
    assert facts == json.loads((root / 'split' / 'split.json').read_text())
    rest = dict(zip(CLASSES, (6, 9, 5, 12) if include_labeled else (4, 7, 3, 10), strict=True))
    assert facts == {
        'shots': 2,
        'seed': 3,
        'include_labeled': include_labeled,
        'keep_labels': True,
        'num_labeled': 8,
        'num_unlabeled': sum(rest.values()),
        'labeled_per_class': dict.fromkeys(CLASSES, 2),
        'unlabeled_per_class': rest,
        'manifest_sha256': hashlib.sha256((root / 'train.csv').read_bytes()).hexdigest(),
        'mmavssl': mmavssl.__version__,
    }


def test_unlabeled_list_without_labels(root):
    split(root, keep_labels=False)
    unlabeled = read_manifest(root / 'split' / 'unlabeled.csv', CLASSES)
    assert {entry.label for entry in unlabeled} == {None}
    assert len(unlabeled) == 32 - 4


def test_text_list(root):
    lines = [f'{entry.path} {entry.label}' for entry in clips()]
    (root / 'train.txt').write_bytes('\r\n'.join(lines).encode())
    make_split(root / 'train.txt', root / 'classes.txt', root / 'text', shots=2, seed=3)
    split(root, shots=2, seed=3)
    for name in ('labeled.csv', 'unlabeled.csv'):
        assert (root / 'text' / name).read_bytes() == (root / 'split' / name).read_bytes()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_split_again(root):
    facts = split(root, seed=1)
    before = contents(root / 'split')
    assert split(root, seed=1) == facts
    assert contents(root / 'split') == before


@pytest.mark.parametrize(
    'change', [{'seed': 2}, {'shots': 2}, {'include_labeled': True}, {'keep_labels': False}]
)
def test_another_split_is_refused(root, change):
    split(root)
    before = contents(root / 'split')
    with pytest.raises(ConfigError, match=r'holds another split .*--overwrite'):
        split(root, **change)
    assert contents(root / 'split') == before
    split(root, **change, overwrite=True)
    assert contents(root / 'split') != before


def test_lists_of_unknown_origin_are_refused(root):
    split(root)
    (root / 'split' / 'split.json').unlink()
    split(root)
    (root / 'split' / 'labeled.csv').write_text('path,label\nmine.mp4,0\n')
    with pytest.raises(ConfigError, match=r'labeled\.csv differs'):
        split(root)


def test_newer_version_of_the_tool(root, monkeypatch):
    split(root)
    monkeypatch.setattr('mmavssl.datasets.split_files.__version__', '99.0')
    split(root)
    assert json.loads((root / 'split' / 'split.json').read_text())['mmavssl'] == '99.0'


def test_too_few_clips(root):
    with pytest.raises(DataError, match=r"train\.csv: Class 'sit' has 5 clips, fewer than 6"):
        split(root, shots=6)
    (root / 'classes.txt').write_text('\n'.join([*CLASSES, 'fly']) + '\n')
    with pytest.raises(DataError, match="'fly' has 0 clips"):
        split(root)
    assert not (root / 'split').exists()


def test_other_faults(root):
    with pytest.raises(ConfigError, match='`shots` to be at least 1, but got 0'):
        split(root, shots=0)
    with pytest.raises(DataError, match=r'nowhere\.csv is not a file'):
        make_split(root / 'nowhere.csv', root / 'classes.txt', root / 'split')
    (root / 'train.csv').write_text('path,label\na.mp4,0\nb.mp4,\n')
    with pytest.raises(DataError, match=r'b\.mp4 \(line 3\) has no label'):
        split(root)
    (root / 'train.csv').write_text('path,label\na.mp4,0\nb.mp4,1\nc.mp4,2\nd.mp4,3\n')
    with pytest.raises(DataError, match='leave no unlabeled clip'):
        split(root)


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tools set these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('make_split_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *args: module.main([str(arg) for arg in args])


def test_tool(root, tool, capsys):
    assert tool(root / 'train.csv', '--shots', 2, '--seed', 5) == 0
    assert '8 labeled, 24 unlabeled' in capsys.readouterr().out
    folder = root / 'splits' / '2shot_seed5'
    labeled = read_manifest(folder / 'labeled.csv', read_classes(root / 'classes.txt'))
    assert labeled == k_shot(clips(), CLASSES, 2, 5)

    other = (root / 'train.csv', '--shots', 2, '--seed', 6, '--out', folder)
    before = contents(folder)
    assert tool(*other) == 2
    message = capsys.readouterr().err
    assert message.startswith('make_split: ')
    assert message.count('\n') == 1
    assert contents(folder) == before
    assert tool(*other, '--drop-labels', '--include-labeled', '--overwrite') == 0
    facts = json.loads((folder / 'split.json').read_text())
    assert (facts['seed'], facts['keep_labels'], facts['num_unlabeled']) == (6, False, 32)


def test_tool_with_other_class_file(root, tool, capsys):
    (root / 'classes.txt').rename(root / 'names.txt')
    command = (root / 'train.csv', '--shots', 1)
    assert tool(*command) == 2
    assert 'classes.txt is not a file' in capsys.readouterr().err
    assert tool(*command, '--classes', root / 'names.txt') == 0


def test_tool_names_a_list_that_is_not_there(root, tool, capsys):
    assert tool(root / 'nope/train.csv', '--shots', 1) == 2
    assert capsys.readouterr().err.startswith(f'make_split: {root}/nope/train.csv is not a file.')


def test_tool_draws_no_split_that_nobody_asked_for(root, tool, capsys):
    with pytest.raises(SystemExit, match='2'):
        tool(root / 'train.csv')
    assert 'one of the arguments --shots --percent --import-labeled' in capsys.readouterr().err
    assert not (root / 'splits').exists()


@pytest.mark.parametrize('seed', SEEDS)
def test_percent_of_every_class(seed):
    counts = Counter(e.label for e in k_shot(clips(), CLASSES, None, seed, percent=30))
    assert counts == {0: 2, 1: 3, 2: 2, 3: 4}  # of 6, 9, 5 and 12, rounded
    least = k_shot(clips(), CLASSES, None, seed, percent=1)
    assert paths(least) == paths(k_shot(clips(), CLASSES, 1, seed))


def test_percent_in_files(root, tool, capsys):
    assert tool(str(root / 'train.csv'), '--percent', '12.5', '--seed', '3') == 0
    folder = root / 'splits/12.5percent_seed3'
    assert f'{folder}: 5 labeled, 27 unlabeled clips' in capsys.readouterr().out
    facts = json.loads((folder / 'split.json').read_text())
    assert facts['percent'] == 12.5
    assert 'shots' not in facts
    assert facts['labeled_per_class'] == {'run': 1, 'jump': 1, 'sit': 1, 'wave': 2}


@pytest.mark.parametrize(
    ('amount', 'message'),
    [
        (dict(percent=5), 'either `shots` or `percent`, but got shots=1 and percent=5'),
        (dict(shots=None), 'either `shots` or `percent`, but got shots=None and percent=None'),
        (dict(shots=None, percent=0), '`percent` to be between 0 and 100, but got 0'),
        (dict(shots=None, percent=100), '`percent` to be between 0 and 100, but got 100'),
    ],
)
def test_amount_of_labels(root, amount, message):
    with pytest.raises(ConfigError, match=message):
        split(root, **amount)


def test_test_clips_are_looked_for(root, tool, capsys):
    command = [str(root / 'train.csv'), '--shots', '1']
    (root / 'manifest_test.csv').write_text('path,label\nrun/77.mp4,0\njump/03.mp4,1\n')
    assert tool(*command) == 2
    assert capsys.readouterr().err == (
        f'make_split: {root}/train.csv: 1 of 32 training clips are in the test list or share a '
        'recording with one there: jump/03.mp4 (line 11) is also jump/03.mp4 (line 3 of the test '
        'list). Take them out of one of the lists.\n'
    )
    assert not (root / 'splits').exists()
    assert tool(*command, '--no-audit') == 0
    (root / 'other.csv').write_text('path,label\nrun/77.mp4,0\n')
    assert tool(*command, '--test', str(root / 'other.csv')) == 0
    assert tool(*command, '--test', str(root / 'absent.csv')) == 2
