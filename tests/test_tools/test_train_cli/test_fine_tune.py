"""--fine-tune: the networks of another run, with a new head."""

from pathlib import Path

import torch

from mmavssl.registry import MODELS
from mmavssl.utils.config_check import check_config
from tests.test_tools.small_data import supervised

ROOT = Path(__file__).parents[3]


def test_fine_tune(train, tmp_path, monkeypatch):
    """Networks of another run with a new head; the weights that parts name are not looked for."""
    config = str(ROOT / 'configs/asl_mix/avsprites_1shot.py')
    cfg = train.train_config(train.parse_args([config]))
    assert cfg.model.student.backbone.init_cfg
    for part in cfg.model.student.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)
    torch.manual_seed(1)
    saved = MODELS.build(cfg.model.student).state_dict()
    saved = {name: torch.randn_like(value.float()) for name, value in saved.items()}
    file = tmp_path / 'other.pth'
    torch.save({'state_dict': {f'student.{name}': saved[name] for name in saved}}, file)

    cfg = train.train_config(train.parse_args([config, '--fine-tune', str(file)]))
    check_config(cfg)
    assert 'init_cfg' not in cfg.model.student.backbone
    student = MODELS.build(cfg.model.student)
    student.init_weights()
    for name, value in student.state_dict().items():
        assert torch.equal(value, saved[name]) != name.startswith('head.'), name


def test_fine_tune_from_a_localizer(tools, data):
    """Is told before there is a log, or a folder for it."""
    torch.save({'state_dict': {'localizer.trunk.weight': torch.zeros(1)}}, 'localizer.pth')
    config, *rest = supervised(data)
    line = tools.only_says('train', config, '--fine-tune', 'localizer.pth', *rest)
    assert line.startswith('localizer.pth (`init_cfg.checkpoint`) does not fit AVRecognizer: it ')
    assert 'has no recognizer of ours' in line
    assert not Path('run').exists()


def test_fine_tune_of_what_cannot(tools, toy):
    line = tools.error('train', 'toy.py', '--fine-tune', 'x.pth')
    assert line.startswith('--fine-tune starts an AVRecognizer, but `model.student` is a None.')


def test_fine_tune_of_a_student_that_is_given_as_a_class(train, tmp_path):
    own = tmp_path / 'own.py'
    own.write_text(
        f"_base_ = ['{ROOT}/configs/asl_mix/avsprites_1shot.py']\n"
        'from mmavssl.models.recognizers import AVRecognizer\n'
        'model = dict(student=dict(type=AVRecognizer))\n'
    )
    file = tmp_path / 'other.pth'
    torch.save({}, file)
    cfg = train.train_config(train.parse_args([str(own), '--fine-tune', str(file)]))
    assert cfg.model.student.init_cfg.checkpoint == str(file)
