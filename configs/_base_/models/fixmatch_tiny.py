# FixMatch with small networks; see asl_mix_tiny.py.
_base_ = './asl_mix_tiny.py'

model = dict(
    threshold=dict(_delete_=True, type='FixedThreshold', threshold=0.95),
    mixer=None,
    contrast=None,
    test_with='student',
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=1.0),
    dict(type='ThresholdUpdateHook'),
]
