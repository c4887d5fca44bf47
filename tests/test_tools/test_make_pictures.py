"""Pictures of README and docs, from what looks like a finished quickstart."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.file_hash import sha256_of
from mmavssl.visualization.prediction_video import CURSOR
from tests.small_predictor import (
    CENTER,
    as_text,
    class_names,
    small_config,
    test_videos,
    write_checkpoint,
)

ROOT = Path(__file__).parents[2]
LOCALIZER = Path('work_dirs/localizers/a.pth')
WIDTH, HEIGHT = 30, 20


def load(path: str):
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    return load('tools/docs/make_pictures.py')


@pytest.fixture
def quickstart(tool, avsprites_root) -> Path:
    """The folder of a quickstart; its clips in the picture of masks are grey, of 0, 50, ..."""
    folder = Path('work_dirs/quickstart')
    scalars = folder / 'asl_mix/20270101_000000/vis_data/scalars.json'
    scalars.parent.mkdir(parents=True)
    scalars.write_text('{"loss": 1.0, "step": 1}\n')
    cfg = small_config(avsprites_root, localizer=CENTER)
    checkpoint = folder.resolve() / 'asl_mix/epoch_1.pth'
    write_checkpoint(checkpoint, cfg, class_names(avsprites_root))
    content = torch.load(checkpoint)
    content['meta']['iter'], content['optimizer'] = 1, {}  # as of a run that may go on
    torch.save(content, checkpoint)
    (folder / 'asl_mix/last_checkpoint').write_text(str(checkpoint))
    cfg.model.mixer.masker.localizer.init_cfg = dict(type='Pretrained', checkpoint=str(LOCALIZER))
    (folder / 'asl_mix/config.py').write_text(as_text(cfg))
    LOCALIZER.parent.mkdir()
    LOCALIZER.write_bytes(b'weights')
    stacked = np.repeat(np.arange(4, dtype=np.uint8) * 50, HEIGHT)[:, None, None]
    picture = np.broadcast_to(stacked, (4 * HEIGHT, WIDTH, 3))
    Image.fromarray(np.ascontiguousarray(picture)).save(folder / 'masks.png')
    (folder / 'summary.json').write_text('{"machine": {"commit": "abc1234"}}')
    return folder


def test_no_quickstart(tool, capsys):
    assert tool.main([]) == 2
    assert capsys.readouterr().err == (
        'make_pictures: work_dirs/quickstart has no asl_mix, so no quickstart has ended there. '
        'Run bash tools/quickstart.sh, or name the work directory of a quickstart.\n'
    )


def test_quickstart_that_has_not_ended(tool, quickstart, capsys):
    (quickstart / 'summary.json').unlink()
    assert tool.main([]) == 2
    assert 'work_dirs/quickstart has no summary.json' in capsys.readouterr().err


def test_quickstart_without_a_checkpoint(tool, quickstart, capsys):
    (quickstart / 'asl_mix/epoch_1.pth').unlink()
    assert tool.main([]) == 2
    assert 'asl_mix has no checkpoint. Run bash tools/quickstart.sh' in capsys.readouterr().err


def test_paths_of_the_machine_are_refused(tool, quickstart, capsys):
    for folder in (quickstart.resolve(), '../a/work_dirs/quickstart'):
        assert tool.main([str(folder)]) == 2
        assert 'name the quickstart from the folder in which it was run' in capsys.readouterr().err


def test_masks_and_what_they_are_from(tool, quickstart, capsys):
    out = Path('images')
    out.mkdir()
    (out / 'pictures.json').write_text('{"report.png": {"command": "as it was"}}')
    assert tool.main(['--only', 'masks', '--out', 'images']) == 0
    assert capsys.readouterr().out == 'images/masks.png\n'
    pixels = np.asarray(Image.open(out / 'masks.png'))
    assert pixels.shape == (HEIGHT, 2 * WIDTH + tool.GAP, 3)
    assert (pixels[:, :WIDTH] == 50).all()  # the second clip
    assert (pixels[:, WIDTH:-WIDTH] == 255).all()
    assert (pixels[:, -WIDTH:] == 100).all()  # the third one
    facts = json.loads((out / 'pictures.json').read_text())
    assert facts['report.png'] == {'command': 'as it was'}
    checkpoint = quickstart / 'asl_mix/epoch_1.pth'
    made = facts['masks.png']
    assert made['checkpoints'] == {
        str(checkpoint): sha256_of(checkpoint), str(LOCALIZER): sha256_of(LOCALIZER)
    }  # fmt: skip
    assert made['command'] == 'python tools/quickstart.py --work-dir work_dirs/quickstart'
    assert made['trained_at_commit'] == 'abc1234'
    assert made['sha256'] == sha256_of(out / 'masks.png')
    assert str(Path.cwd()) not in (out / 'pictures.json').read_text()


def run_here(*words) -> str:
    """Run a tool in this process."""
    tool, *arguments = map(str, words)
    assert load(tool).main(arguments) == 0
    return ' '.join(map(str, words))


def test_prediction(tool, quickstart, avsprites_root, monkeypatch):
    tool.CLIP.parent.mkdir(parents=True)
    shutil.copy(test_videos(avsprites_root)[0], tool.CLIP)
    monkeypatch.setattr(tool, 'run_command', run_here)
    assert tool.main(['--only', 'prediction', '--out', 'images']) == 0
    pixels = np.asarray(Image.open('images/prediction.png'))
    assert pixels.std() > 20
    cursor = np.abs(pixels[-9].astype(int) - CURSOR).sum(axis=-1).argmin()
    assert abs(cursor - pixels.shape[1] / 2) < 20  # of the sound, at half of its time
    made = json.loads(Path('images/pictures.json').read_text())['prediction.png']
    assert f'{tool.CLIP} --weights {quickstart}/asl_mix/epoch_1.pth' in made['command']


def test_what_cannot_be_made_is_said_last(tool, quickstart, monkeypatch, capsys):
    def no_browser(*args):
        raise ConfigError('take_page: Playwright is missing.')

    monkeypatch.setattr(tool, 'run_command', no_browser)
    assert tool.main(['--out', 'images', '--only', 'report', 'masks']) == 2
    said = capsys.readouterr()
    assert said.out == 'images/masks.png\n'
    assert said.err == (
        'make_pictures: images/report.png is not made: take_page: Playwright is missing. Then: '
        'python tools/docs/make_pictures.py work_dirs/quickstart --only report\n'
    )
    assert [*json.loads(Path('images/pictures.json').read_text())] == ['masks.png']


def test_large_pictures_have_fewer_colours(tool, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    tool.save(Image.fromarray(noise), tmp_path / 'a.png')
    assert (tmp_path / 'a.png').stat().st_size < tool.MAX_BYTES
    assert Image.open(tmp_path / 'a.png').mode == 'P'


@pytest.fixture
def program(tool, tmp_path, monkeypatch):
    """Let the tools be a single one; return what writes it."""
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    return (tmp_path / 'tool.py').write_text


def test_commands(tool, program):
    program("import sys; open('arguments', 'w').write(' '.join(sys.argv[1:]))")
    assert tool.run_command('tool.py', Path('a'), 1) == 'python tool.py a 1'
    assert Path('arguments').read_text() == 'a 1'
    program("import sys; sys.exit('one\\ntool: two')")
    with pytest.raises(ConfigError, match=r'^tool: two$'):
        tool.run_command('tool.py')
    program('raise SystemExit(3)')
    with pytest.raises(ConfigError, match=r'^python tool.py fails$'):
        tool.run_command('tool.py')


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=['front', 'background'])
def interrupts(request):
    """As where this runs, or in the background of a shell."""
    signal.signal(signal.SIGINT, request.param)


@pytest.mark.usefixtures('interrupts')
def test_pages_are_served_until_they_are_taken(tool, program):
    program(
        'import pathlib, time\n'
        'try:\n'
        "    print('at http://127.0.0.1:7860')\n"
        '    time.sleep(60)\n'
        'except KeyboardInterrupt:\n'
        "    pathlib.Path('ended').touch()\n"
    )
    with tool.served(Path('log'), 'tool.py') as address:
        assert address == 'http://127.0.0.1:7860'
        assert not Path('ended').exists()
    assert Path('ended').exists()


def test_pages_that_are_not_served(tool, program):
    program("import sys; sys.exit('demo: no Gradio')")
    with pytest.raises(ConfigError, match='demo: no Gradio'), tool.served(Path('log'), 'tool.py'):
        pass
