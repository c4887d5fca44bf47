import csv
import doctest
import tracemalloc

import numpy as np
import pytest

from mmavssl.datasets import manifest
from mmavssl.datasets.manifest import ClipEntry, read_classes, read_manifest, write_manifest
from mmavssl.utils import DataError

CLASSES = ('run', 'jump', 'sit')


def write(tmp_path, text, name='list.csv', encoding='utf-8'):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_csv_with_all_columns(tmp_path):
    text = 'path,label,start,end,audio_path\na.mp4,2,0.5,3,a.wav\n"b, c.mp4",0,,,\n'
    assert read_manifest(write(tmp_path, text), CLASSES) == [
        ClipEntry('a.mp4', 2, 0.5, 3.0, 'a.wav'),
        ClipEntry('b, c.mp4', 0),
    ]


def test_confidences_and_class_names(tmp_path):
    """As pseudo labels are written; what is read without classes is written by numbers."""
    entries = [ClipEntry('a.mp4', 2, confidence=0.75), ClipEntry('b.mp4'), ClipEntry('c.mp4', 0)]
    path = tmp_path / 'list.csv'
    write_manifest(path, entries, CLASSES)
    assert path.read_text() == 'path,label,confidence\na.mp4,sit,0.75\nb.mp4,,\nc.mp4,run,\n'
    table = read_manifest(path, CLASSES)
    assert table == entries
    write_manifest(path, table)
    assert path.read_text() == 'path,label,confidence\na.mp4,2,0.75\nb.mp4,,\nc.mp4,0,\n'


def test_columns_in_any_order_and_class_names(tmp_path):
    text = 'label,path\njump,a.mp4\n0,b.mp4\n'
    entries = read_manifest(write(tmp_path, text), CLASSES)
    assert [(e.path, e.label, e.line) for e in entries] == [('a.mp4', 1, 2), ('b.mp4', 0, 3)]


@pytest.mark.parametrize('text', ['path\na.mp4\nb.mp4\n', 'path,label\na.mp4,\nb.mp4,\n'])
def test_csv_without_labels(tmp_path, text):
    entries = read_manifest(write(tmp_path, text), CLASSES)
    assert [(e.path, e.label) for e in entries] == [('a.mp4', None), ('b.mp4', None)]


@pytest.mark.parametrize('name', ['list.txt', 'list.csv'])
@pytest.mark.parametrize('newline', ['\n', '\r\n'])
def test_text_list(tmp_path, newline, name):
    lines = ['/x/a b/clip one.mp4 1', '', 'plain.avi 0', 'with,comma.mp4 2']
    entries = read_manifest(write(tmp_path, newline.join(lines) + newline, name), CLASSES)
    assert [(e.path, e.label, e.line) for e in entries] == [
        ('/x/a b/clip one.mp4', 1, 1),
        ('plain.avi', 0, 3),
        ('with,comma.mp4', 2, 4),
    ]


@pytest.mark.parametrize('text', ['path,label\na.mp4,x\nb.mp4,99\n', 'a.mp4 -7\nb.mp4 x\n'])
def test_labels_that_nobody_asks_for(tmp_path, text):
    table = read_manifest(write(tmp_path, text), None)
    assert table == [ClipEntry('a.mp4'), ClipEntry('b.mp4')]


def test_windows_line_ends_and_byte_order_mark(tmp_path):
    text = '\ufeffpath,label\r\na.mp4,1\r\nb.mp4,sit\r\n'
    entries = read_manifest(write(tmp_path, text), CLASSES)
    assert [(e.path, e.label) for e in entries] == [('a.mp4', 1), ('b.mp4', 2)]


def test_quoted_header(tmp_path):
    text = '"path","label"\n"a, b.mp4","1"\n'
    assert read_manifest(write(tmp_path, text), CLASSES) == [ClipEntry('a, b.mp4', 1)]


def test_one_file_may_hold_several_clips(tmp_path):
    text = 'path,label,start,end\na.mp4,0,0,2\na.mp4,1,2,4\n'
    assert len(read_manifest(write(tmp_path, text), CLASSES)) == 2


@pytest.mark.parametrize('seed', range(20))
def test_written_lists_read_back(tmp_path, seed):
    rng = np.random.default_rng(seed)
    letters = list('ab ,"ü/.')

    def maybe(value):
        return value if rng.integers(2) else None

    entries = []
    for i in range(20):
        start = round(float(rng.uniform(0, 9)), 3)
        path = 'p' + ''.join(rng.choice(letters, 6)) + f'{i}.mp4'
        label, audio = maybe(int(rng.integers(3))), maybe(f'{i}.wav')
        confidence = maybe(float(rng.uniform()))
        times = maybe(start), maybe(start + 1.5)
        entries.append(ClipEntry(path, label, *times, audio, confidence=confidence))
    path = tmp_path / 'list.csv'
    write_manifest(path, entries)
    assert read_manifest(path, CLASSES) == entries


@pytest.mark.parametrize(
    ('text', 'line', 'words'),
    [
        ('path,label\na.mp4,0\nb.mp4,3\n', 3, ['label 3', '3 classes, 0 to 2', 'Correct']),
        ('path,label\na.mp4,0\nb.mp4,-1\n', 3, ['label -1', '0 to 2']),
        ('path,label\na.mp4,1\n\nb.mp4,3\nc.mp4,2\n', 4, ['label 3', 'count from 1']),
        ('path,label\na.mp4,fly\n', 2, ["'fly'", 'class index or a name']),
        ('path,label\na.mp4,1.0\n', 2, ["'1.0'"]),
        ('path,label\na.mp4,0\nb.mp4,0\na.mp4,1\n', 4, ['a.mp4', 'line 2', 'Remove']),
        ('path,label\n,0\n', 2, ['a path']),
        ('path,label\na.mp4\n', 2, ['each column']),
        ('path,label\na.mp4,0,7\n', 2, ['each column']),
        ('path,lable\na.mp4,0\n', 1, ["'lable'", 'label, start']),
        ('path,label,path\na.mp4,0,b.mp4\n', 1, ["twice the column 'path'"]),
        ('path,label\n"a.mp4,0\n', 2, ['quotes']),
        ('path,label,start\na.mp4,0,x\n', 2, ['`start`', "'x'"]),
        ('path,label,start\na.mp4,0,nan\n', 2, ['`start`', "'nan'"]),
        ('path,label,start\na.mp4,0,-1\n', 2, ['`start`', "'-1'"]),
        ('path,label,start,end\na.mp4,0,3,2\n', 2, ['`end`', 'after `start`', '2']),
        ('path,label,confidence\na.mp4,0,1.5\n', 2, ['`confidence`', 'from 0 to 1', "'1.5'"]),
        ('path,label,confidence\na.mp4,0,nan\n', 2, ['`confidence`', "'nan'"]),
        ('a.mp4 0\nb.mp4\n', 2, ['`path label`', "'b.mp4'"]),
        ('a.mp4,0\n', 1, ['`path label`', 'header']),
        ('a.mp4 jump\n', 1, ["'jump'", 'after the last space']),
        ('a.mp4 1\nb.mp4 2\nc.mp4 3\n', 3, ['label 3', 'count from 1']),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, line, words):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as error:
        read_manifest(path, CLASSES)
    message = str(error.value)
    assert message.startswith(f'{path}:{line}: ')
    assert '\n' not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize('text', ['', '\n', 'path,label\n'])
def test_empty_list(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match='lists no clip') as error:
        read_manifest(path, CLASSES)
    assert str(path) in str(error.value)


def test_number_that_is_also_a_name(tmp_path):
    path = write(tmp_path, 'path,label\na.mp4,1\n')
    with pytest.raises(DataError, match='class 1 or the class of that name, which is number 0'):
        read_manifest(path, ('1', 'two'))
    assert read_manifest(path, ('zero', '1'))[0].label == 1


def test_missing_and_undecodable_files(tmp_path):
    for read in (read_classes, lambda path: read_manifest(path, CLASSES)):
        with pytest.raises(DataError, match=r'nowhere\.txt is not a file'):
            read(tmp_path / 'nowhere.txt')
        with pytest.raises(DataError, match='not UTF-8'):
            read(write(tmp_path, 'path,label\nü.mp4,0\n', encoding='latin-1'))


def read_slowly(path):
    """What `read_manifest` should find, row by row and without any check."""
    entries = []
    with open(path, encoding='utf-8', newline='') as file:
        reader = csv.DictReader(file)
        for row in reader:
            start, end = (float(row[name]) if row.get(name) else None for name in ('start', 'end'))
            label = row.get('label') or None
            if label is not None:
                label = CLASSES.index(label) if label in CLASSES else int(label)
            audio_path = row.get('audio_path') or None
            confidence = float(row['confidence']) if row.get('confidence') else None
            rest = audio_path, reader.line_num, confidence
            entries.append(ClipEntry(row['path'], label, start, end, *rest))
    return entries


@pytest.mark.parametrize('seed', range(20))
def test_same_as_a_slow_reader(tmp_path, seed):
    rng = np.random.default_rng(seed)
    names = ['path', *(name for name in manifest.COLUMNS[1:] if rng.integers(3))]
    rng.shuffle(names)
    path = tmp_path / 'list.csv'
    with open(path, 'w', encoding='utf-8', newline='') as file:
        quoting = csv.QUOTE_ALL if seed % 2 else csv.QUOTE_MINIMAL
        writer = csv.DictWriter(file, names, extrasaction='ignore', quoting=quoting)
        writer.writeheader()
        for i in range(1500):  # several portions
            start = round(float(rng.uniform(0, 9)), 3)
            row = {
                'path': ''.join(rng.choice(list('ab ,"ü/.\n日🎬'), 6)) + f'{i}.mp4',
                'label': rng.choice(['', '0', '1', '2', *CLASSES]),
                'start': rng.choice(['', str(start)]),
                'end': rng.choice(['', str(start + 1)]),
                'audio_path': rng.choice(['', f'ö, {i}.wav']),
                'confidence': rng.choice(['', f'{rng.uniform():.3f}']),
            }
            writer.writerow(row)
            if rng.integers(50) == 0:
                file.write('\n')
    found, expected = read_manifest(path, CLASSES), read_slowly(path)
    assert found == expected
    assert [entry.line for entry in found] == [entry.line for entry in expected]


def test_long_lists_take_no_objects_per_row(tmp_path):
    rows = 200_000
    lines = (f'videos/class_017/{i:011x}_000010_000020.mp4,{i % 3}' for i in range(rows))
    path = write(tmp_path, 'path,label\n' + '\n'.join(lines))
    tracemalloc.start()
    table = read_manifest(path, CLASSES)
    held, peak = (size / rows for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    assert len(table) == rows
    # 46 of the path and 16, kept in memory that grows by an eighth; the smallest Python object
    # takes 28, a `ClipEntry` with its path more than 200.
    assert held < 75
    # While it is read, a hash of each row as well, and once more in order.
    assert peak < 105


def test_classes(tmp_path):
    path = write(tmp_path, 'run\r\n Playing Guitar \r\n\r\nsit\n', 'classes.txt')
    assert read_classes(path) == ('run', 'Playing Guitar', 'sit')


def test_bad_classes(tmp_path):
    with pytest.raises(DataError, match=r"'run' more than once"):
        read_classes(write(tmp_path, 'run\nsit\nrun\n', 'classes.txt'))
    with pytest.raises(DataError, match='names no class'):
        read_classes(write(tmp_path, '\n \n', 'classes.txt'))


def test_examples():
    assert doctest.testmod(manifest).failed == 0
