# SVFormer's released code: 30 epochs over the labeled clips, the first 5 of them without unlabeled ones.
# A step takes 8 iterations. An epoch of fewer iterations (51 labeled clips on 8 GPUs have 6) would have
# none, which is refused: use fewer GPUs, or lower `accumulative_counts`.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=0.005, momentum=0.9, weight_decay=0.0001, nesterov=True, fused=True),
    accumulative_counts=8,
)
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[25, 28], gamma=0.1)]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=30, val_interval=5)
val_cfg = dict()
test_cfg = dict()
