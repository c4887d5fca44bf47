# ASL-Mix with small networks; the localizer keeps two of ResNet-18's four stages (8 x 8 map).
# With 8 classes instead of hundreds the squared error of raw logits is not small, so mixed clips
# have a cross-entropy loss, and weights and thresholds are those of image classification.
_base_ = ['./asl_mix_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(
        backbone={{_base_.tiny_video_backbone}},
        audio_backbone={{_base_.tiny_audio_backbone}},
        fusion={{_base_.tiny_fusion}},
        head=dict(in_channels=128),
    ),
    threshold=dict(threshold=0.95, warmup=False),
    mixer=dict(patch_size=8, masker=dict(localizer={{_base_.tiny_localizer}})),
    mix_loss=dict(kind='ce'),
    loss_weights=dict(unsup=1.0, mix=1.0),
    warmup_epochs=2,
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.01),
    dict(type='ThresholdUpdateHook'),
]
