"""What a training run has logged: validations, and means at its end."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

NETWORKS = ('student', 'teacher')
#: Means of these over the last quarter of the iterations are kept.
LOGGED = ('pass_rate', 'pseudo_label_acc', 'mix_ratio')
LAST_SHARE = 0.25
Metrics = dict[str, float]


def by_network(metrics: Mapping[str, float]) -> dict[str, Metrics]:
    """Return the metrics of each network that has any, with two decimals.

    >>> by_network({'student/top1': 91.6666, 'student/top5': 100.0})
    {'student': {'top1': 91.67, 'top5': 100.0}}
    """
    found: dict[str, Metrics] = {}
    for key, value in metrics.items():
        network, _, name = key.partition('/')
        if network in NETWORKS and name:
            found.setdefault(network, {})[name] = round(value, 2)
    return found


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Return what the training runs of a work dir have logged, in order.

    A line that a killed run has not written to its end is left out.
    """
    lines = []
    for path in sorted(folder.glob('*/vis_data/scalars.json')):
        for text in path.read_text().splitlines():
            try:
                lines.append(json.loads(text))
            except ValueError:
                continue
    return [line for line in lines if isinstance(line, dict)]


def best_metrics(lines: list[dict[str, Any]]) -> dict[str, Metrics]:
    """Return, for each network, its validation with the highest top-1 accuracy, and the epoch.

    Args:
        lines: see `read_lines`; those without ``iter`` are validations, whose step is the epoch.
    """
    best: dict[str, Metrics] = {}
    for line in lines:
        if 'iter' in line:
            continue
        for network, metrics in by_network(line).items():
            if 'top1' in metrics and metrics['top1'] > best.get(network, {'top1': -1})['top1']:
                best[network] = {**metrics, 'epoch': line['step']}
    return best


def means_at_the_end(lines: list[dict[str, Any]]) -> dict[str, float]:
    """Return means of what was logged over the last quarter of the iterations.

    ``gpu_mb`` is the most memory of a GPU that was logged, where there was one.
    """
    iterations = {line['step']: line for line in lines if 'iter' in line}  # the last of each
    if not iterations:
        return {}
    begin = (1 - LAST_SHARE) * max(iterations)
    means = {}
    for name in LOGGED:
        values = [line[name] for step, line in iterations.items() if step > begin and name in line]
        if values:
            means[name] = round(float(np.mean(values)), 4)
    memory = [line['memory'] for line in iterations.values() if 'memory' in line]
    return {**means, 'gpu_mb': max(memory)} if memory else means
