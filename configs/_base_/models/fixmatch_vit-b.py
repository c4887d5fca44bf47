# FixMatch with the networks of ASL-Mix: what they see and hear, a fixed threshold, strong views, no mixed
# clips and no contrast. The teacher equals the student (momentum 1), as in FixMatch, whose moving
# average only tests; with 0.01 it is that of SVFormer.
_base_ = './asl_mix_vit-b.py'

model = dict(
    threshold=dict(_delete_=True, type='FixedThreshold', threshold=0.95),
    mixer=None,
    contrast=None,
    test_with='student',
    loss_weights=dict(unsup=1.0),
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=1.0),
    dict(type='ThresholdUpdateHook'),
]
