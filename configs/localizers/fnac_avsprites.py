# FNAC on AVSprites, without labels: two of ResNet-18's four stages, a minute on two cores.
_base_ = [
    '../_base_/models/localizer_fnac.py',
    '../_base_/models/networks_tiny.py',
    '../_base_/datasets/localizer_avsprites.py',
    '../_base_/schedules/adam_localizer_30e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    localizer={{_base_.tiny_localizer}},
    loss=dict(weights=(1.0, 1.0, 1.0), temperature=0.3, warmup_epochs=3),
    # Tests score the masks as well.
    masker=dict(type='ASLGuided', localizer=dict(type='PrecomputedMap')),
    patch_size=8,
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=20),
    dict(type='CosineAnnealingLR', T_max=6, by_epoch=True, convert_to_iter_based=True),
]
train_dataloader = dict(batch_size=32)
train_cfg = dict(max_epochs=6)
prepare_commands = dict(data='python tools/data/make_avsprites.py data/avsprites --workers 2')
