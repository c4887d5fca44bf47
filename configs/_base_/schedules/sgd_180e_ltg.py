# LTG's schedule for UCF-101: 180 passes over the unlabeled clips, the learning rate up over the first 30
# from a tenth, and a cosine to zero over all of them. 0.2 is for 8 GPUs with 10 clips each: with others,
# --cfg-options auto_scale_lr.enable=True. (Not here: PreciseBN, which the released code runs before each test.)
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=0.2, momentum=0.9, weight_decay=0.0001, fused=True),
    clip_grad=dict(max_norm=40),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, end=30, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=180, by_epoch=True, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=80)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=180, val_interval=5)
val_cfg = dict()
test_cfg = dict()
