# FNAC on AVSprites, without labels: three of ResNet-18's four stages, a minute or two on two cores.
_base_ = [
    '../_base_/models/localizer_fnac.py',
    '../_base_/datasets/localizer_avsprites.py',
    '../_base_/schedules/adam_localizer_30e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    localizer=dict(num_stages=3, base_channels=32, out_dims=128, image_dropout=0.5),
    loss=dict(warmup_epochs=3),
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_epochs=8)
