import copy

from mmavssl.datasets.clip_log import ClipLog


def test_count():
    log = ClipLog(5)
    for index in (3, 1, 3):
        log.add(index, f'{index}.mp4 is odd')
    assert len(log) == 2
    assert log.marks.tolist() == [False, True, False, True, False]
    assert log.marks.is_shared()
    assert len(copy.deepcopy(log)) == 0
    assert len(log) == 2
