# SVFormer with small networks.
_base_ = ['./svformer_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(backbone={{_base_.tiny_video_backbone}}, head=dict(in_channels=96)),
    mixer=dict(patch_size=8),
)
