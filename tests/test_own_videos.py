"""What configs for own videos advise to run is what makes the files that they name."""

import runpy
import shlex
from pathlib import Path

import pytest

from mmavssl.utils.configs import load_config
from mmavssl.utils.data_check import data_command
from tests.test_docs.blocks import read_blocks

ROOT = Path(__file__).parents[1]
EXAMPLES = [block for block in read_blocks('docs/own_videos.md') if block.file]
NAMES = sorted(path.stem for path in (ROOT / 'configs/own_videos').glob('*.py'))


@pytest.fixture(params=[*NAMES, *(example.file for example in EXAMPLES)])
def cfg(request, tmp_path):
    if request.param in NAMES:
        return load_config(str(ROOT / f'configs/own_videos/{request.param}.py'))
    for example in EXAMPLES:  # one is the base of another
        tmp_path.joinpath(Path(example.file).name).write_text(example.text)
    return load_config(str(tmp_path / Path(request.param).name))


def read_command(command):
    """Return the tool of a command as a namespace, and its arguments."""
    python, tool, *words = shlex.split(command)
    assert python == 'python'
    return runpy.run_path(str(ROOT / tool)), words


def test_data_come_from_another_folder(cfg):
    """Where the lists are gone, they are not made from their own folder, nor are a base's."""
    dataset = cfg.train_dataloader.dataset
    dataset = dataset.get('labeled', dataset)
    tool, words = read_command(data_command(dataset, cfg.prepare_commands))
    args = tool['make_parser']().parse_args(words)
    assert str(args.out_dir) == dataset.data_root
    assert args.raw_dir == Path('/path/to/videos')


def test_split_is_the_one_that_training_reads(cfg):
    if 'labeled' not in cfg.train_dataloader.dataset:
        return
    tool, words = read_command(cfg.prepare_commands.split)
    made = tool['default_out'](tool['parse_args'](words))
    for dataset in (cfg.train_dataloader.dataset[name] for name in ('labeled', 'unlabeled')):
        assert made == Path(dataset.data_root, dataset.ann_file).parent


def test_weights_of_the_image_networks():
    cfg = load_config(str(ROOT / 'configs/own_videos/lite0_asl_mix.py'))
    install, convert = cfg.prepare_commands.weights.split(' && ')
    tool, words = read_command(convert)
    args = tool['parse_args'](words)
    student = cfg.model.student
    for backbone in (student.backbone, student.audio_backbone):
        assert args.out == backbone.init_cfg.checkpoint
    folder = shlex.split(install)[shlex.split(install).index('--target') + 1]
    assert Path(folder) in Path(args.source).parents
