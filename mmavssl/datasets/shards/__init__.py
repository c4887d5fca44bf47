from mmavssl.datasets.shards.backend import ShardBackend

__all__ = ['ShardBackend']
