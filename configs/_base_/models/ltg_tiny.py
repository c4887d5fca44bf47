# LTG with small networks, for AVSprites.
_base_ = './ltg_r3d-18.py'

model = dict(
    student=dict(
        backbone=dict(base_channels=16),
        head=dict(in_channels=128, dropout=0.0),
        projection=dict(in_channels=128, hidden_channels=128, out_channels=128),
    ),
    warmup_epochs=2,
)
sync_bn = None
