import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def tool():
    spec = importlib.util.spec_from_file_location(
        'pack_shards', ROOT / 'tools/data/pack_shards.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_packs_and_is_done_the_second_time(tool, avsprites_root, tmp_path, capsys):
    out = tmp_path / 'shards'
    args = [str(avsprites_root / 'manifest_train.csv'), str(out), '--max-count', '16']
    assert tool.main(args) == 0
    assert '40 files of 40 clips in 3 shards' in capsys.readouterr().out
    facts = json.loads((out / 'shards.json').read_text())
    assert [shard['samples'] for shard in facts['shards']] == [16, 16, 8]
    times = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert tool.main(args) == 0
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == times


def assert_one_line(capsys, message):
    error = capsys.readouterr().err
    assert error.startswith('pack_shards: ')
    assert message in error
    assert error.count('\n') == 1


def test_missing_list(tool, tmp_path, capsys):
    (tmp_path / 'classes.txt').write_text('a\n')
    assert tool.main([str(tmp_path / 'missing.csv'), str(tmp_path / 'out')]) == 2
    assert_one_line(capsys, 'missing.csv is not a file')


def test_bad_number(tool, avsprites_root, tmp_path, capsys):
    manifest = str(avsprites_root / 'manifest_train.csv')
    assert tool.main([manifest, str(tmp_path / 'out'), '--max-count', '0']) == 2
    assert_one_line(capsys, '`max_count` to be at least 1')


@pytest.mark.parametrize(('text', 'size'), [('2GB', 2 * 10**9), ('1.5 mb', 1_500_000), ('7', 7)])
def test_sizes(tool, text, size):
    assert tool.parse_size(text) == size
