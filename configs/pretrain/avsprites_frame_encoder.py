# The counterpart of ImageNet weights at AVSprites' size: a vision transformer that names the sprite
# of a still image. TimeSformer starts from it as from any image transformer.
_base_ = '../_base_/default_runtime.py'

model = dict(
    type='SupervisedRecognizer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    student=dict(
        type='AVRecognizer',
        backbone=dict(
            type='TimeSformer',
            attention_type='space_only',
            img_size=64,
            patch_size=8,
            num_frames=1,
            embed_dims=64,
            depth=3,
            num_heads=2,
            drop_path_rate=0.0,
        ),
        head=dict(type='ClsHead', in_channels=64, num_classes=4),
    ),
)
input_size = dict(num_frames=1, size=64)

train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='EpochSampler'),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.semi_supervised_collate'),
    dataset=dict(type='AVSpritesStills', length=3200, size=64),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.av_collate'),
    dataset=dict(type='AVSpritesStills', length=400, size=64, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='MultiViewAccuracy', topk=(1,))
test_evaluator = val_evaluator

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', T_max=4, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(type='ResumableTrainLoop', max_epochs=4, val_interval=4)
val_cfg = dict()
test_cfg = dict()
