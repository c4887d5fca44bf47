import pytest

from mmavssl.datasets.clip_infos import ClipInfos
from mmavssl.datasets.manifest import ClipEntry, read_manifest, write_manifest
from mmavssl.datasets.split_audit import check_no_leak, find_tested
from mmavssl.utils.errors import DataError


def entries(*names):
    return [ClipEntry(name, 0, line=line) for line, name in enumerate(names, start=2)]


def test_other_recordings_pass():
    train = entries('Bowling/v_Bowling_g08_c01.avi', 'Archery/v_Archery_g01_c01.avi', 'a/g01.mp4')
    test = entries('Bowling/v_Bowling_g01_c01.avi', 'Archery/v_Archery_g08_c01.avi', 'b/g01.mp4')
    check_no_leak(train, test)


@pytest.mark.parametrize(
    ('tested', 'said'),
    [
        ('Bowling/v_Bowling_g08_c01.avi', 'is also'),
        ('Bowling/v_Bowling_g08_c05.avi', 'is of the same recording as'),
    ],
)
def test_the_same_recording_is_an_error(tested, said):
    train = entries('x.mp4', 'Bowling/v_Bowling_g08_c01.avi', 'Bowling/v_Bowling_g08_c02.avi')
    with pytest.raises(DataError, match=rf'2 of 3 .*g08_c01\.avi \(line 3\) {said} ') as e:
        check_no_leak(train, entries('y.mp4', tested))
    assert f'{tested} (line 3 of the test list)' in str(e.value)


def test_another_spelling_of_a_test_clip_is_an_error():
    with pytest.raises(DataError, match=r'\./b/\.\./a\.mp4 \(line 2\) is .* as a\.mp4 \(line 2'):
        check_no_leak(entries('./b/../a.mp4'), entries('a.mp4'))
    check_no_leak(entries('../a.mp4', 's3://x/./a.mp4'), entries('a.mp4', 's3://x/a.mp4'))


def test_another_part_of_a_test_file_is_an_error():
    train, test = [ClipEntry('a.mp4', 0, 0.0, 5.0)], [ClipEntry('a.mp4', 0, 5.0, 9.0)]
    with pytest.raises(DataError, match=r'1 of 1 training clips'):
        check_no_leak(train, test)


@pytest.fixture
def clips(tmp_path):
    """Return what makes clips of a list, each a path or a path with begin and end."""

    def make(root, *rows, indices=None):
        listed = [ClipEntry(row) if isinstance(row, str) else ClipEntry(row[0], None, *row[1:])
                  for row in rows]  # fmt: skip
        write_manifest(tmp_path / 'list.csv', listed)
        infos = ClipInfos(read_manifest(tmp_path / 'list.csv', ['a']), str(root), 'test')
        return infos if indices is None else infos.take(indices)

    return make


def paths(entries):
    return [entry.path for entry in entries]


def test_tested_clips_under_any_spelling(clips, tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'data')
    train = clips(tmp_path / 'data', 'a.mp4', 'b/c.mp4', f'{tmp_path}/data/d.mp4', 'e.mp4')
    test = clips(tmp_path / 'link', 'b/../a.mp4', 'd.mp4', 'x.mp4')
    other = clips('', f'{tmp_path}/data/b/c.mp4')
    assert paths(find_tested(train, [test])) == ['a.mp4', f'{tmp_path}/data/d.mp4']
    assert len(find_tested(train, [test, other])) == 3
    assert find_tested(clips(tmp_path, 'a.mp4'), [test, other]) == []
    by_link = clips('', f'{tmp_path}/link/d.mp4')  # as pseudo labels of the tested list have it
    assert paths(find_tested(by_link, [test])) == [f'{tmp_path}/link/d.mp4']
    assert find_tested(train, []) == []


@pytest.mark.parametrize(
    ('root', 'name', 'is_tested'),
    [
        ('data', './a.mp4', True),
        ('data', 'sub/../a.mp4', True),
        ('data', 'sub//../a.mp4', True),
        ('data/sub', '../a.mp4', True),
        ('link', './a.mp4', True),
        ('', '{tmp}/data/sub/../a.mp4', True),
        ('data', './sub/a.mp4', False),
        ('data', '../a.mp4', False),
        ('data', 'a.mp4.', False),
        ('data/sub', './a.mp4', False),
    ],
)
def test_training_clips_under_any_spelling(clips, tmp_path, root, name, is_tested):
    """No file is there: spellings are compared."""
    (tmp_path / 'data').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'data')
    train = clips(tmp_path / root, 'x.mp4', name.format(tmp=tmp_path), '.y/z.mp4')
    for test in (clips(tmp_path / 'data', 'w.mp4', 'a.mp4'), clips(tmp_path / 'link', './a.mp4')):
        assert paths(find_tested(train, [test])) == [train.table[1].path] * is_tested


def test_absolute_path_by_the_link_that_training_has(clips, tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'data')
    test = clips('', f'{tmp_path}/link/a.mp4', f'{tmp_path}/link/./b.mp4')
    train = clips(tmp_path / 'link', 'a.mp4', './b.mp4', 'c.mp4')
    assert paths(find_tested(train, [test])) == ['a.mp4', './b.mp4']


def test_spelling_and_parts_of_a_file(clips):
    train = clips('data', ('./a.mp4', 0.0, 5.0), ('b/../a.mp4', 5.5, 7.0), ('a.mp4', 8.0, 9.5))
    test = clips('data', ('c/../a.mp4', 5.0, 9.0))
    assert paths(find_tested(train, [test])) == ['b/../a.mp4', 'a.mp4']


def test_tested_clips_of_a_storage(clips):
    train = clips('s3://bucket/clips/', 'a.mp4', 'b.mp4')
    assert paths(find_tested(train, [clips('s3://bucket', 'clips/b.mp4')])) == ['b.mp4']


@pytest.mark.parametrize(
    ('span', 'is_tested'),
    [((), True), ((0.0, 5.0), False), ((5.5, 7.0), True), ((9.0, None), False), ((4.0,), True)],
)
def test_parts_of_a_file_that_is_tested(clips, span, is_tested):
    train = clips('data', ('a.mp4', *span))
    assert bool(find_tested(train, [clips('data', ('a.mp4', 5.0, 9.0))])) is is_tested


def test_rows_that_are_left_out_count_on_neither_side(clips):
    names = ('a.mp4', 'b.mp4', 'c.mp4')
    train, test = clips('x', *names, indices=[0, 1]), clips('x', *names, indices=[1, 2])
    assert paths(find_tested(train, [test])) == ['b.mp4']
