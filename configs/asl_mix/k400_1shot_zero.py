# k400_1shot.py with less memory per GPU: blocks are computed once more in the backward pass, and each
# rank keeps its part of the optimizer's state (ZeRO-1). The steps are the same (docs/reliability.md).
_base_ = [
    './k400_1shot.py',
    '../_base_/strategies/activation_checkpointing_audio_visual.py',
]

optim_wrapper = dict(optimizer=dict(type='ZeroRedundancyOptimizer', optimizer_type='SGD'))
