"""Hooks and optimizer constructors."""

from mmavssl.engine import hooks, optimizers

__all__ = ['hooks', 'optimizers']
