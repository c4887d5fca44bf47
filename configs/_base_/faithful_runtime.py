# What SVFormer's released code does at the edges: the same random numbers on all GPUs, and gradients
# that fill no step at the end of an epoch are thrown away.
_base_ = './default_runtime.py'

default_hooks = dict(
    step_seed=dict(diff_rank=False),
    epoch_boundary=dict(remainder='discard'),
    checkpoint=dict(interval=5),
)
