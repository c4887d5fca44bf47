# lite0_asl_mix.py with a control: maps are random numbers.
_base_ = './lite0_asl_mix.py'

model = dict(mixer=dict(masker=dict(localizer=dict(_delete_=True, type='Uniform', size=8))))
