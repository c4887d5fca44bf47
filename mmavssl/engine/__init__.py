"""Hooks, loops, optimizer constructors and the storage of checkpoints."""

from mmavssl.engine import checkpoints, hooks, loops, optimizers

__all__ = ['checkpoints', 'hooks', 'loops', 'optimizers']
