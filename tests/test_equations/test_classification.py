"""Eq. 1-4: supervised loss and consistency, with its thresholds."""

import math

import pytest
import torch

from mmavssl.models.algorithms import SupervisedRecognizer
from mmavssl.models.losses import consistency_loss
from mmavssl.models.thresholds import FixedThreshold, FlexThreshold
from tests.test_equations.linear_model import (
    LinearRecognizer,
    linear_batch,
    loop_recognize,
    loop_supervised,
    rows_of,
)
from tests.test_equations.loops import (
    assert_gradient,
    close,
    loop_max,
    loop_softmax,
    teacher_and_student,
)


def test_eq01_supervised_loss():
    model = SupervisedRecognizer(LinearRecognizer())
    inputs, samples = linear_batch()
    logits, _, _ = loop_recognize(model.student, *rows_of(inputs['labeled']['weak']))
    loss = model.loss(inputs, samples)['loss_sup']
    close(loss, loop_supervised(logits, [2, 0]))
    assert_gradient(loss, *model.student.parameters())


def test_eq02_consistency_with_soft_labels():
    probs, logits = teacher_and_student()
    total = 0.0
    for q, z in zip(probs.tolist(), logits.tolist(), strict=True):
        p = loop_softmax(z)
        total -= sum(q[c] * math.log(p[c]) for c in range(4))
    loss = consistency_loss(logits, probs)
    close(loss, total / 12)
    assert_gradient(loss, logits)


@pytest.mark.parametrize('tau', [0.0, 0.3, 0.6, 0.9])
def test_eq03_consistency_with_fixed_threshold(tau):
    probs, logits = teacher_and_student()
    total = 0.0
    for q, z in zip(probs.tolist(), logits.tolist(), strict=True):
        conf, label = loop_max(q)
        if conf >= tau:
            total -= math.log(loop_softmax(z)[label])
    pseudo = FixedThreshold(tau)(probs)
    loss = consistency_loss(logits, pseudo.label, pseudo.weight)
    close(loss, total / 12)
    assert_gradient(loss, logits)


@pytest.mark.parametrize('warmup', [True, False])
def test_eq04_consistency_with_flexible_threshold(warmup):
    tau, pool, classes = 0.45, 20, 4
    threshold = FlexThreshold(tau, warmup=warmup)
    threshold.setup(pool, classes)
    memory, beta = [-1] * pool, [0.0] * classes
    rejected = 0
    for _ in range(12):
        probs, logits = teacher_and_student(spread=1.0)
        probs = (probs + 0.2 * torch.tensor([1.0, 0.4, 0.1, 0.1])).div(1.32)
        index = torch.randint(pool, (12,))

        total = 0.0
        predictions = [loop_max(q) for q in probs.tolist()]
        for (conf, label), z in zip(predictions, logits.tolist(), strict=True):
            if conf >= tau * beta[label] / (2 - beta[label]):
                total -= math.log(loop_softmax(z)[label])
            else:
                rejected += 1
        pseudo = threshold(probs, index)
        loss = consistency_loss(logits, pseudo.label, pseudo.weight)
        close(loss, total / 12)
        assert_gradient(loss, logits)

        threshold.update(probs, index)
        for (conf, label), position in zip(predictions, index.tolist(), strict=True):
            if conf >= tau:
                memory[position] = label
        counts = [sum(1 for label in memory if label == c) for c in range(classes)]
        unused = sum(1 for label in memory if label == -1)
        largest = max([*counts, unused] if warmup else counts)
        beta = [count / largest if largest else 0.0 for count in counts]
    assert rejected > 0
