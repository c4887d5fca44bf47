# lite0_asl_mix.py with FixMatch on frames alone, with the same network.
_base_ = './lite0_asl_mix.py'

model = dict(
    student=dict(audio_backbone=None, fusion=None, head=dict(in_channels=1280)),
    threshold=dict(_delete_=True, type='FixedThreshold', threshold=0.95),
    mixer=None,
)
