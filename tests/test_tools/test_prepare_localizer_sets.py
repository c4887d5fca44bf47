"""The tools that prepare Flickr-SoundNet and VGG-SS, as a user runs them."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
XML = '<a><b><bbox><t>object</t><x>0</x><y>0</y><X>128</X><Y>256</Y></bbox></b></a>'


@pytest.fixture
def run(capsys):
    """Return a function that runs a tool and returns its status, output and errors."""

    def run_tool(name, *args):
        path = ROOT / f'tools/data/prepare_{name}.py'
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        try:
            status = module.main([*map(str, args), '--workers', '1'])
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return run_tool


@pytest.fixture
def raw(tmp_path, write_frame, write_sound):
    """Two frames with sound, and lists that have both for training and one for testing."""
    for name in ('abcdefghij1_000001', 'abcdefghij2_000002'):
        write_frame(tmp_path / f'raw/frames/{name}.jpg')
        write_sound(tmp_path / f'raw/audio/{name}.wav', seconds=0.1)
    (tmp_path / 'raw/Annotations').mkdir()
    (tmp_path / 'raw/Annotations/abcdefghij2_000002.xml').write_text(XML)
    (tmp_path / 'train.txt').write_text('abcdefghij1_000001\nabcdefghij2_000002\n')
    (tmp_path / 'test.csv').write_text('abcdefghij2_000002,0\n')
    boxes = [{'file': 'abcdefghij2_000002', 'class': 'cat', 'bbox': [[0, 0, 0.5, 1]]}]
    (tmp_path / 'vggss.json').write_text(json.dumps(boxes))
    return tmp_path / 'raw'


@pytest.mark.parametrize(
    ('name', 'option', 'file'),
    [('flickr_soundnet', '--test-list', 'test.csv'), ('vggss', '--annotations', 'vggss.json')],
)
def test_both_tools(run, raw, tmp_path, name, option, file):
    lists = ('--train-list', tmp_path / 'train.txt', option, tmp_path / file)
    status, out, error = run(name, raw, tmp_path / 'out', *lists)
    assert status == 0, error
    assert '1 of 1 test ids are in train: abcdefghij2_000002.' in out
    assert (tmp_path / 'out/manifest_train.csv').read_text() == (
        'path,label,audio_path\n'
        'videos/frames/abcdefghij1_000001.jpg,,videos/audio/abcdefghij1_000001.wav\n'
    )
    assert (tmp_path / 'out/boxes_test.json').read_text() == (
        '{\n"abcdefghij2_000002": [[0.0, 0.0, 0.5, 1.0]]\n}\n'
        if name == 'flickr_soundnet'
        else '{\n"abcdefghij2_000002": [[0, 0, 0.5, 1]]\n}\n'
    )
    assert run(name, raw, tmp_path / 'out', *lists, '--keep-test-ids')[0] == 0
    assert len((tmp_path / 'out/manifest_train.csv').read_text().splitlines()) == 3


@pytest.mark.parametrize('name', ['flickr_soundnet', 'vggss'])
def test_user_errors(run, raw, tmp_path, name):
    options = ('--train-list', tmp_path / 'absent.txt')
    options += ('--test-list', tmp_path / 'test.csv', '--annotations', tmp_path / 'vggss.json')
    status, _, error = run(name, raw, tmp_path / 'out', *options)
    assert status == 2
    assert error.startswith(f'prepare_{name}: {tmp_path}/absent.txt is not a file.')
    assert error.count('\n') == 1
    status, _, error = run(name, raw, tmp_path / 'out', '--keep-silent')
    assert status == 2
    assert 'the following arguments are required: --train-list' in error
