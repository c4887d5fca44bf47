# ASL-Mix with small networks; the localizer keeps three of ResNet-18's four stages (4 x 4 map).
_base_ = ['./asl_mix_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(
        backbone={{_base_.tiny_video_backbone}},
        audio_backbone={{_base_.tiny_audio_backbone}},
        fusion={{_base_.tiny_fusion}},
        head=dict(in_channels=192),
    ),
    mixer=dict(patch_size=8, masker=dict(localizer=dict(num_stages=3))),
)
