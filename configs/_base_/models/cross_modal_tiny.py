# Small networks of which one sees, one hears, and each labels for the other.
_base_ = ['./cross_modal_vit-b.py', './networks_tiny.py']

model = dict(
    student=dict(
        backbone={{_base_.tiny_video_backbone}},
        audio_backbone={{_base_.tiny_audio_backbone}},
        head=dict(in_channels=64),
        audio_head=dict(in_channels=64),
    ),
    threshold=dict(threshold=0.5),
    loss_weights=dict(unsup=1.0),
    warmup_epochs=2,
)
