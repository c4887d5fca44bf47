# Fine-tuning on two cores: AdamW, cosine, 5 epochs; what has ImageNet weights learns a hundred
# times as slowly: with one clip per class, more than that forgets what the weights know.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    paramwise_cfg=dict(custom_keys={'backbone.network': dict(lr_mult=0.01)}),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', T_max=5, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableTrainLoop', max_epochs=5, val_interval=1000)
val_cfg = dict()
test_cfg = dict()
