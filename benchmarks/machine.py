"""The machine that figures depend on, for the scripts of this folder."""

from mmavssl.utils.machine import commit, describe_machine, installed, memory, processor

__all__ = ['commit', 'describe_machine', 'installed', 'memory', 'processor']
