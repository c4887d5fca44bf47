from mmavssl.engine.checkpoints.atomic_backend import AtomicBackend
from mmavssl.engine.checkpoints.newest import checkpoint_to_resume, newest_checkpoint

__all__ = ['AtomicBackend', 'checkpoint_to_resume', 'newest_checkpoint']
