"""What an algorithm of somebody's own may get wrong."""

import re

import pytest
import torch
import torch.nn.functional as F

from mmavssl.models.algorithms.base import RecognitionAlgorithm, gt_labels
from mmavssl.models.algorithms.given_inputs import GivenInputs
from mmavssl.registry import MODELS
from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.toys import batch, student_cfg


class PiModel(RecognitionAlgorithm):
    """Gives the losses, and names the networks, that it is told."""

    def __init__(self, losses=None, names=('student',)):
        super().__init__()
        self.student = MODELS.build(student_cfg(audio=False))
        self.losses = losses
        self.names = names

    @property
    def networks(self):
        return dict.fromkeys(self.names, self.student)

    def loss(self, inputs, data_samples):
        if self.losses is not None:
            return self.losses
        view = inputs['labeled']['weak']
        logits = self.student(view['video']).logits
        return {'loss_sup': F.cross_entropy(logits, gt_labels(data_samples['labeled']))}


def step(model):
    return model(*batch(audio=False), mode='loss')


@pytest.mark.parametrize(
    'losses',
    [
        None,
        {'loss': torch.ones(2)},
        {'my_loss': [torch.ones(2), torch.ones(3)], 'pass_rate': torch.ones(()).bfloat16()},
    ],
)
def test_what_is_right_passes(losses):
    model = PiModel(losses)
    total, log = model.parse_losses(step(model))
    assert total > 0
    assert set(log) == {'loss', *(losses or {'loss_sup': 1})}


@pytest.mark.parametrize(
    ('losses', 'got'),
    [
        (torch.ones(()), 'float32 ()'),
        ([torch.ones(())], 'a list'),
        ({'loss_sup': 1.0}, "'loss_sup': a float"),
        ({'loss_sup': torch.ones(()), 'num_clips': 3}, "'num_clips': a int"),
        ({'loss_sup': torch.ones((), dtype=torch.long)}, "'loss_sup': int64 ()"),
        ({'loss_sup': [torch.ones(()), None]}, "'loss_sup': None"),
        ({'sup': torch.ones(()), 'unsup': torch.ones(())}, "none among 'sup', 'unsup'"),
        ({}, 'none among no names at all'),
    ],
)
def test_losses(losses, got):
    with pytest.raises(ConfigError) as info:
        step(PiModel(losses))
    message = str(info.value)
    assert message.startswith('Expected PiModel.loss to give a dict of float tensors by name')
    assert message.endswith(f'but got {got}.')


@pytest.mark.parametrize('mode', ['loss', 'tensor'])
@pytest.mark.parametrize(
    ('names', 'got'),
    [
        (('model',), "'model'"),
        (('student', 'ema'), "'student', 'ema'"),
        ((), 'an empty one'),
    ],
)
def test_names_of_networks(names, got, mode):
    inputs, samples = batch(audio=False)
    inputs = inputs if mode == 'loss' else inputs['labeled']['weak']
    with pytest.raises(ConfigError) as info:
        PiModel(names=names)(inputs, samples, mode=mode)
    assert str(info.value) == (
        "Expected PiModel.networks to be a dict of recognizers by the names 'student' and "
        f"'teacher', or one of these, but got {got}."
    )


@pytest.mark.parametrize(
    ('keys', 'text'),
    [
        (('unlabelled',), "inputs['unlabelled'], but inputs has 'labeled', 'unlabeled'."),
        (
            ('unlabeled', 'Strong'),
            "inputs['unlabeled']['Strong'], but inputs['unlabeled'] has 'weak', 'strong'.",
        ),
        (
            ('labeled', 'weak', 'audio'),
            "inputs['labeled']['weak']['audio'], but inputs['labeled']['weak'] has 'video'.",
        ),
    ],
)
def test_inputs_that_are_not_there(keys, text):
    class Asks(PiModel):
        def loss(self, inputs, data_samples):
            for key in keys:
                inputs = inputs[key]

    with pytest.raises(ConfigError, match=re.escape(f'Asks.loss asks for {text}')):
        step(Asks())


def test_missing_input_is_a_key_error_that_may_be_caught():
    given = GivenInputs({'labeled': {}}, 'inputs', 'PiModel')
    with pytest.raises(KeyError) as error:
        given['labelled']
    assert isinstance(error.value, ConfigError)
    assert str(error.value).startswith("PiModel.loss asks for inputs['labelled'], but inputs has")


def test_inputs_are_dicts_with_the_same_tensors():
    inputs, _ = batch(audio=False)
    given = GivenInputs(inputs, 'inputs', 'PiModel')
    assert given['labeled']['weak']['video'] is inputs['labeled']['weak']['video']
    assert given['labeled']['weak'].get('audio') is None
    assert 'slow' not in given['unlabeled']
    assert {source: {*views} for source, views in given.items()} == {
        'labeled': {'weak'}, 'unlabeled': {'weak', 'strong'},
    }  # fmt: skip
