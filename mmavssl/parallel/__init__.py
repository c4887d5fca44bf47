"""What divides a model's state over processes, for models that outgrow one GPU."""

from mmavssl.parallel.shard_guard import ShardGuardHook
from mmavssl.parallel.sharded_model import ShardedDataParallel
from mmavssl.parallel.sharded_state import ShardedStateHook
from mmavssl.parallel.zero import ZeroRedundancyOptimizer

__all__ = [
    'ShardGuardHook',
    'ShardedDataParallel',
    'ShardedStateHook',
    'ZeroRedundancyOptimizer',
]
