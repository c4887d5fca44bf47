"""What divides a model's state over processes, for models that outgrow one GPU."""

from mmavssl.parallel.sharded_state import ShardedStateHook
from mmavssl.parallel.zero import ZeroRedundancyOptimizer

__all__ = ['ShardedStateHook', 'ZeroRedundancyOptimizer']
