# SVFormer-Flex with small networks; see asl_mix_tiny.py for the losses.
_base_ = ['./svformer_flex_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(backbone={{_base_.tiny_video_backbone}}, head=dict(in_channels=64)),
    threshold=dict(threshold=0.95, warmup=False),
    mixer=dict(patch_size=8),
    mix_loss=dict(kind='ce'),
    loss_weights=dict(unsup=1.0, mix=1.0),
    warmup_epochs=2,
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.01),
    dict(type='ThresholdUpdateHook'),
]
