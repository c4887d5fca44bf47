"""A two-network toy algorithm and a Runner around it, small enough for a few iterations."""

import copy
import functools
import itertools
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

import mmavssl.engine  # noqa: F401
from mmavssl.models.thresholds import FlexThreshold
from mmavssl.models.utils.ema import copy_state, ema_update
from mmavssl.registry import METRICS, MODELS

NUM_SAMPLES, BATCH, NUM_CLASSES = 10, 2, 3
run_number = itertools.count()


class ToyPool(Dataset):
    """Vectors with labels; `unlabeled` is the pool itself."""

    metainfo = {'classes': ('a', 'b', 'c')}

    def __init__(self):
        generator = torch.Generator().manual_seed(0)
        self.clips = torch.randn(NUM_SAMPLES, 4, generator=generator)

    @property
    def unlabeled(self):
        return self.clips

    def __len__(self):
        return NUM_SAMPLES

    def __getitem__(self, index):
        return {'clip': self.clips[index], 'label': index % NUM_CLASSES, 'index': index}


@MODELS.register_module()
class ToyAlgorithm(BaseModel):
    def __init__(self, threshold=0.34, warmup_iters=0, norm=True):
        super().__init__()
        first = nn.BatchNorm1d(4) if norm else nn.Identity()
        self.student = nn.Sequential(first, nn.Linear(4, NUM_CLASSES))
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.threshold = FlexThreshold(threshold)
        self.register_buffer('teacher_steps', torch.zeros((), dtype=torch.long))
        self.pending_threshold_update = None
        self.warmup_iters = warmup_iters
        self.draws = []

    def init_weights(self):
        generator = torch.Generator().manual_seed(7)
        self.student[1].weight.data.normal_(generator=generator)

    def sync_teacher(self):
        copy_state(self.teacher, self.student)

    def update_teacher(self, momentum):
        ema_update(self.teacher, self.student, momentum)
        self.teacher_steps += 1

    def forward(self, clip, label, index, mode='tensor'):
        clip, label, index = torch.stack(clip), torch.tensor(label), torch.tensor(index)
        if mode != 'loss':
            return [{} for _ in clip]
        noise = torch.rand_like(clip)
        self.draws.append((noise.sum().item(), np.random.rand(), random.random()))
        losses = {'loss': F.cross_entropy(self.student(clip + noise), label)}
        if self.threshold.is_set_up and len(self.draws) > self.warmup_iters:
            with torch.no_grad():
                probs = self.teacher(clip).softmax(dim=-1)
            result = self.threshold(probs, index)
            losses['pass_rate'] = result.weight.mean()
            self.used_pseudo_labels = {'': result}
            self.pending_threshold_update = (probs, index)
        return losses


@METRICS.register_module()
class NoMetric(BaseMetric):
    default_prefix = ''

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'acc': np.float64(0.5)}


@pytest.fixture
def pool():
    return ToyPool()


@pytest.fixture
def build_runner(tmp_path):
    """Return a function that builds a Runner; keywords change the defaults."""

    def build(
        hooks=(), epochs=1, accumulate=1, model=None, dataset=None, name='run', val=False,
        workers=0, loop='EpochBasedTrainLoop', checkpoint=None,
        optimizer=None, wrapper=None, **kwargs,
    ):  # fmt: skip
        loader = dict(
            batch_size=BATCH,
            num_workers=workers,
            dataset=dataset if dataset is not None else ToyPool(),
            sampler=dict(type='DefaultSampler', shuffle=True),
            collate_fn=pseudo_collate,
        )
        if val:
            kwargs.update(
                val_dataloader={**loader, 'sampler': dict(type='DefaultSampler', shuffle=False)},
                val_cfg=dict(),
                val_evaluator=dict(type='NoMetric'),
            )
        return Runner(
            model=model or dict(type='ToyAlgorithm'),
            work_dir=str(tmp_path / name),
            train_dataloader=loader,
            train_cfg=dict(type=loop, max_epochs=epochs),
            optim_wrapper=dict(
                optimizer=optimizer or dict(type='SGD', lr=0.1, momentum=0.9),
                accumulative_counts=accumulate,
                **(wrapper or dict(type='OptimWrapper')),
            ),
            param_scheduler=[dict(type='MultiStepLR', milestones=[1, 2], gamma=0.5)],
            custom_hooks=list(hooks),
            default_hooks={
                'logger': dict(type='LoggerHook', interval=2),
                **(dict(checkpoint=checkpoint) if checkpoint else {}),
            },
            default_scope='mmavssl',
            randomness=dict(seed=3),
            experiment_name=f'toy_{next(run_number)}',
            **kwargs,
        )

    return build


@pytest.fixture
def amp(monkeypatch):
    """Return a config of MMEngine's `AmpOptimWrapper`, which wants a GPU, for the CPU."""
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: True)
    scaler = functools.partial(torch.amp.GradScaler, 'cpu', init_scale=8.0, growth_interval=3)
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler', scaler)
    return dict(type='AmpOptimWrapper', dtype='bfloat16')
