"""Training and validation of several ranks whose pictures are noted, not drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.logging import MessageHub
from torch import Tensor

from mmavssl.engine.hooks import SSLVisualizationHook
from mmavssl.evaluation.metrics import MultiViewAccuracy
from mmavssl.structures import AVDataSample
from tests.reliability.rank_data import CLASSES
from tests.reliability.rank_model import build_model, model_config
from tests.reliability.ranks import built_runner, unwrap

STEPS, BATCH = 4, 6  # of a rank
TESTED = 21  # clips, of which not all ranks have as many


class LabelsHook(Hook):
    """Keep pseudo labels: (class, whether it counts, hidden class) of each clip."""

    def __init__(self) -> None:
        self.found: list[list[Tensor]] = []

    def before_train(self, runner: Any) -> None:
        """Watch the threshold."""
        unwrap(runner.model).threshold.register_forward_hook(
            lambda _, __, result: self.found.append([result.label, result.weight > 0])
        )

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Add the hidden classes."""
        samples = data_batch['data_samples']['unlabeled']
        self.found[-1].append(torch.tensor([sample.gt_for_log for sample in samples]))


def train(interval: int) -> dict:
    """Train; return losses, weights, pseudo labels and what is drawn of classes.

    Args:
        interval: between pictures; 0 trains without the hook.
    """
    model = build_model(model_config('svformer_flex'), torch.float64)
    record: dict[str, Any] = {}
    labels = LabelsHook()
    with built_runner(model, record, BATCH, steps=STEPS) as runner:
        runner.register_hook(labels)
        if interval:
            runner.register_hook(SSLVisualizationHook(interval))
        runner.train()
        drawn = [
            (call.kwargs['step'], {name: torch.tensor(bar) for name, bar in call.args[1].items()})
            for call in runner.visualizer.add_class_bars.mock_calls
        ]
    return {
        'logs': record['logs'], 'student': record['student'], 'threshold': record['threshold'],
        'labels': labels.found, 'drawn': drawn,
    }  # fmt: skip


def scores_of_all() -> tuple[Tensor, dict[str, Tensor]]:
    """Return labels and the scores of two networks of all tested clips."""
    made = torch.Generator().manual_seed(2)
    labels = torch.randint(len(CLASSES), (TESTED,), generator=made)
    right = 2.5 * torch.nn.functional.one_hot(labels, len(CLASSES))
    noise = torch.randn(2, TESTED, len(CLASSES), generator=made)
    return labels, dict(zip(('student_score', 'teacher_score'), right + noise, strict=True))


def validate() -> list:
    """Return what is drawn of student and teacher after a validation."""
    metric, (labels, scores) = MultiViewAccuracy(per_class=False), scores_of_all()
    for index in range(get_rank(), TESTED, get_world_size()):
        sample = AVDataSample().set_gt_label(int(labels[index]))
        for name, rows in scores.items():
            sample.set_pred_score(rows[index], name)
        metric.process(None, [sample.to_dict()])
    metric.evaluate(TESTED)
    runner = SimpleNamespace(
        val_dataloader=SimpleNamespace(dataset=SimpleNamespace(metainfo={'classes': CLASSES})),
        message_hub=MessageHub.get_current_instance(), visualizer=Mock(), iter=1,
    )  # fmt: skip
    SSLVisualizationHook().after_val_epoch(runner)
    return [
        [{name: torch.tensor(matrix) for name, matrix in call.args[1].items()}, [*call.args[2]]]
        for call in runner.visualizer.add_networks.mock_calls
    ]


def everything() -> dict:
    """Train with pictures and without, and validate."""
    return {'with': train(2), 'without': train(0), 'validated': validate()}
