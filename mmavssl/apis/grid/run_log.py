"""What a training run has logged: validations, and means at its end."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmavssl.utils.roles import ROLES
from mmavssl.utils.scalar_log import Line, is_training

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
        if network in ROLES and name:
            found.setdefault(network, {})[name] = round(value, 2)
    return found


def best_metrics(lines: Sequence[Line]) -> dict[str, Metrics]:
    """Return, for each network, its validation with the highest top-1 accuracy, and the epoch.

    Args:
        lines: see `read_run`.
    """
    best: dict[str, Metrics] = {}
    for line in lines:
        if is_training(line):
            continue
        for network, metrics in by_network(line).items():
            if 'top1' in metrics and metrics['top1'] > best.get(network, {'top1': -1})['top1']:
                best[network] = {**metrics, 'epoch': line['step']}
    return best


def means_at_the_end(lines: Sequence[Line]) -> dict[str, float]:
    """Return means of what was logged over the last quarter of the iterations.

    ``gpu_mb`` is the most memory of a GPU that was logged, where there was one.
    """
    iterations = {line['step']: line for line in lines if is_training(line)}
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
