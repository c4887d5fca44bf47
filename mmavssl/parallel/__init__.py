"""What divides a model's state over processes, for models that outgrow one GPU."""

from mmavssl.parallel.sharded_model import ShardedDataParallel
from mmavssl.parallel.sharded_state import ShardedStateHook
from mmavssl.parallel.zero import ZeroRedundancyOptimizer

__all__ = [
    'ShardedDataParallel',
    'ShardedStateHook',
    'ZeroRedundancyOptimizer',
]
