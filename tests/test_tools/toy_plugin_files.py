"""A plugin that trains in no time, and its config."""

TOY_MODULE = """
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmavssl.registry import DATASETS, METRICS, MODELS

@DATASETS.register_module()
class ToyDataset(BaseDataset):
    def load_data_list(self):
        return [dict(x=torch.full((3,), float(i)), y=torch.tensor([i % 2.0])) for i in range(8)]

@MODELS.register_module()
class ToyModel(BaseModel):
    def __init__(self, width=1, init_cfg=None, data_preprocessor=None):
        super().__init__(data_preprocessor, init_cfg)
        self.layer = torch.nn.Linear(3, width)

    def forward(self, x, y, mode='tensor', **kwargs):
        out = self.layer(torch.stack(x))
        return dict(loss=(out - torch.stack(y)).abs().mean()) if mode == 'loss' else list(out)

@METRICS.register_module()
class ToyMetric(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [float(sample.sum()) for sample in data_samples]

    def compute_metrics(self, results):
        return dict(mean=sum(results) / len(results))
"""
TOY_CONFIG = """
custom_imports = dict(imports=['toy_plugin'], allow_failed_imports=False)
default_scope = 'mmavssl'
model = dict(type='ToyModel')
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='ToyDataset'))
test_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ToyDataset', test_mode=True))
test_evaluator = dict(type='ToyMetric')
test_cfg = dict()
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
randomness = dict(seed=0)
"""
