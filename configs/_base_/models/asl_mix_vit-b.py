# ASL-Mix: SVFormer-Flex with an audio encoder, fusion, localization-guided masks and contrast.
_base_ = './svformer_flex_vit-b.py'

model = dict(
    student=dict(
        audio_backbone={{_base_.audio_backbone}},
        fusion={{_base_.fusion}},
        head=dict(in_channels=1536),
    ),
    mixer=dict(
        masker=dict(type='ASLGuided', localizer=dict(type='FNACLocalizer', audio_input='logmel')),
        alpha=5.0,
        beta=10.0,
    ),
    contrast=dict(type='AVContrastiveLoss'),
    loss_weights=dict(contrast=0.1),
)
