from mmavssl.engine.checkpoints.atomic_backend import AtomicBackend
from mmavssl.engine.checkpoints.newest import AUTO, checkpoint_to_resume, newest_checkpoint

__all__ = ['AUTO', 'AtomicBackend', 'checkpoint_to_resume', 'newest_checkpoint']
