# lite0_asl_mix.py with a control: all sounds come from the middle.
_base_ = './lite0_asl_mix.py'

model = dict(mixer=dict(masker=dict(localizer=dict(_delete_=True, type='CenterPrior', size=8))))
