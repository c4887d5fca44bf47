# Video and sound label each other: the encoders of ASL-Mix, each with a head of its own.
_base_ = './networks_vit-b.py'

model = dict(
    type='CrossModalRecognizer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    student=dict(
        type='TwoStreamRecognizer',
        backbone={{_base_.video_backbone}},
        audio_backbone={{_base_.audio_backbone}},
        head=dict(type='ClsHead', in_channels=768),
        audio_head=dict(type='ClsHead', in_channels=768),
    ),
    threshold=dict(type='FixedThreshold', threshold=0.3),
    loss_weights=dict(unsup=2.0),
    warmup_epochs=5,
)
custom_hooks = [dict(type='ThresholdUpdateHook')]
