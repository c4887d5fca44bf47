# TCL's released schedule: 400 passes over the labeled clips, cosine to zero over the first 350 (released:
# towards the 400th), then again from a tenth. Biases learn twice as fast; neither they nor norms decay.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='StudentOptimWrapperConstructor',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0001, fused=True),
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0, norm_decay_mult=0.0),
    clip_grad=dict(max_norm=20),
)
param_scheduler = [
    dict(type='CosineRestartLR', periods=[350, 50], restart_weights=[1.0, 0.1], eta_min=0.0, by_epoch=True)
]

# 0.02 is for 8 labeled and 24 unlabeled clips in all (released: on 2 GPUs by DataParallel): with others,
# --cfg-options auto_scale_lr.enable=True.
auto_scale_lr = dict(enable=False, base_batch_size=32)

train_cfg = dict(type='ResumableTrainLoop', max_epochs=400, val_interval=50)
val_cfg = dict()
test_cfg = dict()
