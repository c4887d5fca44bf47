# LTG's schedule for 1 % of Kinetics-400: as sgd_180e_ltg.py, over 45 passes, the first 10 with a lower
# learning rate, for 8 GPUs with 16 clips each.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=0.0001, fused=True),
    clip_grad=dict(max_norm=40),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=45, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=128)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=45, val_interval=5)
val_cfg = dict()
test_cfg = dict()
