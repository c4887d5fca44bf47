"""The files of results."""

import json

import pytest

from mmavssl.apis.grid.records import read_records, results_elsewhere, results_file, write_record
from mmavssl.utils.errors import DataError

RECORD = {'row': 'a', 'seed': 0, 'config': 'c.py', 'config_hash': 'x', 'student': {}}


def test_a_result_takes_the_place_of_an_earlier_one(tmp_path):
    path = results_file(tmp_path / 'results', 'g')
    for record in (RECORD, {**RECORD, 'seed': 1}, {**RECORD, 'config_hash': 'y'}):
        write_record(path, record)
    assert read_records(path) == [{**RECORD, 'seed': 1}, {**RECORD, 'config_hash': 'y'}]
    assert [file.name for file in path.parent.iterdir()] == ['grid_g.jsonl']


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('{"row": ', r'Line 2 of .*grid_g\.jsonl is no result'),
        ('{"row": "a"}', r'Line 2 of .* has no seed, config, config_hash, student'),
        ('3', 'Line 2 of .* is no result'),
    ],
)
def test_lines_that_are_no_results(tmp_path, line, message):
    path = results_file(tmp_path, 'g')
    path.write_text(f'{json.dumps(RECORD)}\n{line}\n')
    with pytest.raises(DataError, match=message):
        read_records(path)


def test_results_of_other_grids(tmp_path):
    write_record(results_file(tmp_path, 'g'), RECORD)

    def found(*args):
        return [*results_elsewhere(tmp_path, *args)]

    assert found('g', 'x', 0) == []
    assert found('h', 'x', 0) == [RECORD]
    assert found('h', 'x', 1) == []
    assert found('h', 'y', 0) == []
    write_record(results_file(tmp_path, 'i'), {**RECORD, 'row': 'b'})
    assert found('h', 'x', 0) == [RECORD, {**RECORD, 'row': 'b'}]
