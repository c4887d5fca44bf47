"""Top-k and per-class accuracy of the view-averaged scores."""

import json
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub, print_log
from torch import Tensor

from mmavssl.evaluation.functional.accuracy import (
    agreement,
    class_accuracy,
    confusion_matrix,
    percentage,
    predicted_class,
    true_class_rank,
)
from mmavssl.registry import METRICS
from mmavssl.utils.errors import DataError
from mmavssl.utils.outputs import write_output

NETWORK_SCORES = ('student_score', 'teacher_score')


@METRICS.register_module()
class MultiViewAccuracy(BaseMetric):
    """Accuracy in percent, of several networks at once where the samples carry their scores.

    The algorithms' `predict` has already averaged the class probabilities over clips and crops
    (paper, section 4.2), so that there is one score vector per video and network. Results are
    ``student/top1``, ``student/top5``, ``student/mean_class_accuracy`` and the same for
    ``teacher``. Classes that tie count in their order, and a score that is not a number is wrong.
    Confusion matrices are left in the message hub (``confusion``) and, of two networks, their
    `Agreement` (``agreement``).

    Args:
        scores: fields of the samples to evaluate; ``student_score`` gives results named
            ``student/...``. None: ``student_score`` and ``teacher_score`` where they exist,
            otherwise ``pred_score``.
        topk: each k >= 1; where there are fewer classes than k, the result is 100.
        per_class: log a table of each class's accuracy.
        dump: JSON file for the results, the accuracy of each class and confusion matrices (row:
            true class; column: predicted class, the last one for scores that are not numbers).
        prefix: put before the names of the results.
        collect_device: ``cpu`` or ``gpu``, where results of several ranks are collected.

    Raises:
        ValueError: a k below 1.
    """

    default_prefix = ''

    def __init__(
        self,
        scores: Sequence[str] | None = None,
        topk: Sequence[int] = (1, 5),
        per_class: bool = True,
        dump: str | None = None,
        prefix: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device, prefix)
        if not topk or min(topk) < 1:
            raise ValueError(f'Expected `topk` to be numbers of at least 1, but got {topk!r}.')
        self.scores = scores
        self.topk = tuple(topk)
        self.per_class = per_class
        self.dump = dump

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Append ``(label, number of classes, {network: (rank, predicted class)})`` per sample.

        Args:
            data_batch: not used.
            data_samples: with ``gt_label`` (1,) and scores (num_classes,).

        Raises:
            DataError: a sample without label or score, or with a label that is no class.
        """
        for sample in data_samples:
            names = self.scores or [name for name in NETWORK_SCORES if name in sample]
            names = names or ['pred_score']
            check_sample(sample, names)
            label = sample['gt_label'].cpu()
            scores = torch.stack([sample[name].detach() for name in names]).float().cpu()
            ranks = true_class_rank(scores, label.expand(len(names))).tolist()
            networks = [name.removesuffix('_score') for name in names]
            pairs = zip(ranks, predicted_class(scores).tolist(), strict=True)
            outcomes = dict(zip(networks, pairs, strict=True))
            self.results.append((int(label), scores.shape[1], outcomes))

    def compute_metrics(self, results: list[tuple[int, int, dict]]) -> dict[str, float]:
        """Return the accuracies, log the table and write the file.

        Args:
            results: what `process` appended, of all ranks.

        Raises:
            DataError: there are none.
        """
        if not results:
            raise DataError('Expected at least one test sample, but the test set is empty.')
        metrics, confusions, predicted = {}, {}, []
        labels = torch.tensor([label for label, _, _ in results])
        _, num_classes, networks = results[0]
        for network in networks:
            outcomes = torch.tensor([outcome[network] for _, _, outcome in results])
            for k in self.topk:
                hits = outcomes[:, 0] < min(k, num_classes)
                metrics[f'{network}/top{k}'] = percentage(hits)
            confusion = confusion_matrix(labels, outcomes[:, 1], num_classes)
            metrics[f'{network}/mean_class_accuracy'] = float(class_accuracy(confusion).nanmean())
            confusions[network] = confusion
            predicted.append(outcomes[:, 1])
        # For whoever draws them; no part of a checkpoint.
        hub = MessageHub.get_current_instance()
        matrices = {network: matrix.numpy() for network, matrix in confusions.items()}
        hub.update_info('confusion', matrices, resumed=False)
        both = agreement(labels, *predicted) if len(predicted) == 2 else None
        hub.update_info('agreement', both, resumed=False)
        if self.per_class:
            print_log(class_table(confusions, self._classes(num_classes)), logger='current')
        if self.dump:
            self._dump(metrics, confusions, self._classes(num_classes))
        return metrics

    def _classes(self, num_classes: int) -> list[str]:
        names = list((self.dataset_meta or {}).get('classes') or ())
        return names if len(names) == num_classes else [str(index) for index in range(num_classes)]

    def _dump(
        self, metrics: dict[str, float], confusions: dict[str, Tensor], classes: list[str]
    ) -> None:
        networks = {
            network: {
                'class_accuracy': [
                    value if count else None
                    for value, count in zip(
                        class_accuracy(confusion).tolist(), confusion.sum(dim=1), strict=True
                    )
                ],
                'confusion': confusion.tolist(),
            }
            for network, confusion in confusions.items()
        }
        content = {'metrics': metrics, 'classes': classes, 'networks': networks}
        write_output(self.dump, json.dumps(content) + '\n')


def check_sample(sample: dict, names: Sequence[str]) -> None:
    """Check that a sample has a label, the named scores, and a score for its label.

    Raises:
        DataError: names the video and what is missing.
    """
    video = sample.get('video_path', 'A test sample')
    missing = [name for name in ('gt_label', *names) if name not in sample]
    if missing:
        raise DataError(
            f'{video} has no {", ".join(missing)}. The test manifest must have labels, and '
            "`scores` must name networks that the algorithm's `test_with` tests."
        )
    label, num_classes = int(sample['gt_label']), len(sample[names[0]])
    if not 0 <= label < num_classes:
        raise DataError(
            f'Expected the label of {video} to be in [0, {num_classes}), but got {label}. Make '
            '`num_classes` of the head agree with the manifest.'
        )


def class_table(confusions: dict[str, Tensor], classes: Sequence[str]) -> str:
    """Format the accuracy of each class as a table with a column per network."""
    width = max(len('class'), *(len(name) for name in classes))
    lines = [f'{"class":<{width}} {"videos":>6} ' + ' '.join(f'{n:>8}' for n in confusions)]
    counts = next(iter(confusions.values())).sum(dim=1).tolist()
    columns = [class_accuracy(confusion).tolist() for confusion in confusions.values()]
    for name, count, *values in zip(classes, counts, *columns, strict=True):
        cells = ' '.join(f'{value:8.2f}' if count else f'{"-":>8}' for value in values)
        lines.append(f'{name:<{width}} {count:>6} {cells}')
    return 'Accuracy by class (%)\n' + '\n'.join(lines)
