# SVFormer: video, fixed threshold, tube mask.
_base_ = './networks_vit-b.py'

model = dict(
    type='SemiSupervisedRecognizer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    student=dict(
        type='AVRecognizer',
        backbone={{_base_.video_backbone}},
        head=dict(type='ClsHead', in_channels=768),
    ),
    threshold=dict(type='FixedThreshold', threshold=0.3),
    mixer=dict(
        type='TokenMix', masker=dict(type='TubeToken'), patch_size=16, alpha=10.0, beta=10.0
    ),
    mix_loss=dict(type='MixLoss', kind='mse_logit'),
    loss_weights=dict(unsup=2.0, mix=2.0),
    warmup_epochs=5,
)

custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.01),
    dict(type='ThresholdUpdateHook'),
]
