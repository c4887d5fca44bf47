"""Plain loops over Python numbers, which share no code with the package."""

import math

import torch


def close(actual, expected, tolerance=1e-5):
    torch.testing.assert_close(
        torch.as_tensor(actual, dtype=torch.double).detach(),
        torch.as_tensor(expected, dtype=torch.double).detach(),
        atol=tolerance,
        rtol=tolerance,
    )


def loop_softmax(row):
    top = max(row)
    powers = [math.exp(value - top) for value in row]
    return [power / sum(powers) for power in powers]


def loop_max(row):
    best = 0
    for index, value in enumerate(row):
        if value > row[best]:
            best = index
    return row[best], best


def loop_normalize(row):
    length = math.sqrt(sum(value * value for value in row))
    return [value / length for value in row]


def loop_nce(similarity):
    """Mean over rows of minus the log-share of the diagonal entry."""
    total = 0.0
    for i, row in enumerate(similarity):
        total -= math.log(math.exp(row[i]) / sum(math.exp(value) for value in row))
    return total / len(similarity)


def transpose(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def loop_mix_loss(kind, gate, z, q, tau, partner, ratio):
    samples, classes = len(z), len(z[0])
    passed, targets = [], []
    for row in q:
        conf, label = loop_max(row)
        passed.append(1.0 if conf >= tau else 0.0)
        one_hot = [1.0 if c == label else 0.0 for c in range(classes)]
        targets.append(one_hot if conf >= tau else row)
    total = 0.0
    for i in range(samples):
        j, r = partner[i], ratio[i]
        target = [r * targets[i][c] + (1 - r) * targets[j][c] for c in range(classes)]
        p = loop_softmax(z[i])
        if kind == 'mse_logit':
            distance = sum((z[i][c] - target[c]) ** 2 for c in range(classes)) / classes
        elif kind == 'mse_prob':
            distance = sum((p[c] - target[c]) ** 2 for c in range(classes)) / classes
        else:
            distance = -sum(target[c] * math.log(p[c]) for c in range(classes))
        weights = {
            'convex': r * passed[i] + (1 - r) * passed[j],
            'both': passed[i] * passed[j],
            'none': 1.0,
        }
        total += weights[gate] * distance
    return total / samples


def loop_similarity(video, audio, temperature):
    rows = [loop_normalize(row) for part in video for row in part.tolist()]
    columns = [loop_normalize(row) for part in audio for row in part.tolist()]
    return [
        [sum(v * a for v, a in zip(row, column, strict=True)) / temperature for column in columns]
        for row in rows
    ]


def teacher_and_student(samples=12, classes=4, spread=2.0):
    probs = (spread * torch.randn(samples, classes)).softmax(dim=-1)
    return probs, torch.randn(samples, classes, requires_grad=True)


def assert_gradient(loss, *tensors):
    for tensor in tensors:
        (gradient,) = torch.autograd.grad(loss, tensor, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.abs().sum() > 0
