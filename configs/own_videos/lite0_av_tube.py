# lite0_asl_mix.py with tube masks instead of guided ones.
_base_ = './lite0_asl_mix.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='TubeToken'), alpha=10.0))
