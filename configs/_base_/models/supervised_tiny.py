# Supervised training of the small audio-visual networks.
_base_ = ['./supervised_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(
        backbone={{_base_.tiny_video_backbone}},
        audio_backbone={{_base_.tiny_audio_backbone}},
        fusion={{_base_.tiny_fusion}},
        head=dict(in_channels=128),
    )
)
