# k400_1shot.py with the least memory per GPU: blocks are computed once more in the backward pass, and
# each rank keeps its part of the networks and of the optimizer's state. The steps are the same
# (docs/reliability.md).
_base_ = [
    './k400_1shot.py',
    '../_base_/strategies/activation_checkpointing_audio_visual.py',
    '../_base_/strategies/fsdp.py',
]

optim_wrapper = dict(optimizer=dict(fused=False))  # PyTorch's fused SGD steps no divided tensors
