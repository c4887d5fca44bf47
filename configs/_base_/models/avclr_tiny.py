# AvCLR (a re-implementation from the published description) with small networks, for AVSprites.
_base_ = './avclr_r3d-18.py'

model = dict(
    student=dict(
        backbone=dict(base_channels=16),
        audio_backbone=dict(base_channels=16, num_stages=3),
        fusion=dict(video_dims=128, audio_dims=64),
        head=dict(in_channels=192, dropout=0.0),
        video_projection=dict(in_channels=128, hidden_channels=128, out_channels=64),
        audio_projection=dict(in_channels=64, hidden_channels=64, out_channels=64),
    ),
    warmup_epochs=2,
)
sync_bn = None
