"""A recognizer that starts from a checkpoint: all of it, or an error."""

import pytest
import torch

from mmavssl.registry import MODELS
from mmavssl.utils import ConfigError
from tests.test_models.test_recognizers.test_av_recognizer import (
    AUDIO_BACKBONE,
    BACKBONE,
    FUSION,
    head,
)

HEARING = dict(audio_backbone=AUDIO_BACKBONE, fusion=FUSION)


def recognizer(seed=0, classes=5, init_cfg=None, hears=False):
    torch.manual_seed(seed)
    parts = HEARING if hears else {}
    top = dict(head(20 if hears else 12), num_classes=classes)
    return MODELS.build(
        dict(type='AVRecognizer', backbone=BACKBONE, head=top, init_cfg=init_cfg, **parts)
    )


def algorithm(**kwargs):
    torch.manual_seed(0)
    student = dict(type='AVRecognizer', backbone=BACKBONE, head=head(12), **kwargs)
    threshold = dict(type='FixedThreshold')
    return MODELS.build(
        dict(type='SemiSupervisedRecognizer', student=student, threshold=threshold)
    )


def pretrained(path, **fields):
    return dict(type='Pretrained', checkpoint=str(path), **fields)


def assert_same(network, reference, prefix=''):
    for name, tensor in network.state_dict().items():
        assert tensor.equal(reference.state_dict()[f'{prefix}{name}']), name


@pytest.mark.parametrize('hears', [False, True])
def test_all_of_it_is_loaded(tmp_path, hears):
    saved = recognizer(1, hears=hears)
    torch.save({'state_dict': saved.state_dict()}, tmp_path / 'a.pth')
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth'), hears=hears)
    network.init_weights()
    assert_same(network, saved)


def test_student_of_an_algorithm_and_its_copy(tmp_path):
    """What supervised training left starts student and teacher alike."""
    saved = algorithm()
    for parameter in saved.parameters():
        torch.nn.init.normal_(parameter)
    torch.save({'state_dict': saved.state_dict()}, tmp_path / 'a.pth')
    for fields, prefix in (({}, 'student.'), (dict(prefix='teacher.'), 'teacher.')):
        model = algorithm(init_cfg=pretrained(tmp_path / 'a.pth', **fields))
        model.init_weights()
        assert_same(model.student, saved, prefix)
        assert_same(model.teacher, saved, prefix)


def test_parts_do_not_load_their_own_weights(tmp_path):
    torch.save({'state_dict': recognizer(1).state_dict()}, tmp_path / 'a.pth')
    backbone = dict(BACKBONE, init_cfg=pretrained('nowhere.pth'))
    network = MODELS.build(
        dict(
            type='AVRecognizer', backbone=backbone, head=head(12),
            init_cfg=pretrained(tmp_path / 'a.pth'),
        )
    )  # fmt: skip
    network.init_weights()
    network.init_weights()  # MMEngine calls it again after a resume
    assert_same(network, recognizer(1))


def test_other_classes(tmp_path):
    saved = recognizer(1, classes=7)
    torch.save({'state_dict': saved.state_dict()}, tmp_path / 'a.pth')
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth'))
    with pytest.raises(ConfigError) as info:
        network.init_weights()
    assert 'a.pth (`init_cfg.checkpoint`) does not fit AVRecognizer' in str(info.value)
    assert 'head.fc.weight (7, 12) instead of (5, 12)' in str(info.value)
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth', allow=['head.*']))
    network.init_weights()
    assert_same(network.backbone, saved.backbone)
    assert_same(network.head, recognizer(2).head)


def test_other_classes_of_the_same_number(tmp_path):
    saved = recognizer(1)
    torch.save({'state_dict': saved.state_dict()}, tmp_path / 'a.pth')
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth', drop='head.*'))
    network.init_weights()
    assert_same(network.backbone, saved.backbone)
    assert_same(network.head, recognizer(2).head)


@pytest.mark.parametrize('saved_hears', [False, True])
def test_sound_on_one_side_alone(tmp_path, saved_hears):
    saved = recognizer(1, hears=saved_hears)
    torch.save({'state_dict': saved.state_dict()}, tmp_path / 'a.pth')
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth'), hears=not saved_hears)
    what = 'unexpected' if saved_hears else 'missing'
    with pytest.raises(ConfigError, match=f'{what}: audio'):
        network.init_weights()


def test_what_is_no_recognizer(tmp_path):
    torch.save(recognizer(1).backbone.state_dict(), tmp_path / 'a.pth')
    network = recognizer(2, init_cfg=pretrained(tmp_path / 'a.pth'))
    with pytest.raises(ConfigError, match='it has no recognizer of ours'):
        network.init_weights()


def test_another_initialization_is_of_mmengine():
    network = recognizer(0, init_cfg=dict(type='Constant', layer='Linear', val=2.0, bias=3.0))
    network.init_weights()
    assert network.head.fc.weight.eq(2).all()
    assert network.head.fc.bias.eq(3).all()


@pytest.mark.parametrize('as_list', [False, True])
@pytest.mark.parametrize('kind', ['SupervisedRecognizer', 'SemiSupervisedRecognizer'])
def test_algorithm_itself_loads_nothing(kind, as_list):
    cfg = pretrained('a.pth')
    student = dict(type='AVRecognizer', backbone=BACKBONE, head=head(12))
    parts = dict(threshold=dict(type='FixedThreshold')) if 'Semi' in kind else {}
    with pytest.raises(ConfigError, match=r'Set `model\.student\.init_cfg` to start the network'):
        MODELS.build(
            dict(type=kind, student=student, init_cfg=[cfg] if as_list else cfg, **parts)
        )


def test_localizer_trainer_itself_loads_nothing():
    localizer = dict(type='FNACLocalizer', num_stages=2, base_channels=4, out_dims=8)
    with pytest.raises(ConfigError, match=r'Set `model\.localizer\.init_cfg` to start the'):
        MODELS.build(
            dict(
                type='LocalizerTrainer', localizer=localizer, loss=dict(type='FNACLoss'),
                init_cfg=pretrained('a.pth'),
            )
        )  # fmt: skip
