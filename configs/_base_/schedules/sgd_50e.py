# Paper, section 4.2: SGD, momentum 0.9, weight decay 0.001, 50 epochs. Learning rate, Nesterov and
# the steps follow SVFormer's code (0.005, x0.1 after 25/30 and x0.01 after 28/30 of the epochs).
# One optimizer step sees 8 iterations, as in SVFormer's code (64 labeled clips on 8 GPUs).
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=0.005, momentum=0.9, weight_decay=0.001, nesterov=True, fused=True),
    accumulative_counts=8,
)
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[42, 47], gamma=0.1)]

train_cfg = dict(type='ResumableTrainLoop', max_epochs=50, val_interval=5)
val_cfg = dict()
test_cfg = dict()
