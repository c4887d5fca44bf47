import pytest

from mmavssl.datasets.manifest import ClipEntry
from mmavssl.datasets.split_audit import check_no_leak
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


def test_another_part_of_a_test_file_is_an_error():
    train, test = [ClipEntry('a.mp4', 0, 0.0, 5.0)], [ClipEntry('a.mp4', 0, 5.0, 9.0)]
    with pytest.raises(DataError, match=r'1 of 1 training clips'):
        check_no_leak(train, test)
