# Small networks on AVSprites: AdamW, cosine. The data sets say how long an epoch is: 20 iterations, for
# supervised training as well, whose batches have more labeled clips (32 instead of 8).
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', T_max=15, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableTrainLoop', max_epochs=15, val_interval=1000)
val_cfg = dict()
test_cfg = dict()
