# SVFormer as its released code trains it, oddities included (docs/fidelity.md says which).
_base_ = './svformer_vit-b.py'

model = dict(
    data_preprocessor=dict(channel_dropout=0.2, batch_tw_aug=True),
    mixer=dict(masker=dict(per_batch=True, rounding='down'), audio_ratio='drawn'),
    drop_partner=False,
    test_with='student',
    average='logit',
)

custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.01, every='iteration'),
    dict(type='ThresholdUpdateHook'),
]
