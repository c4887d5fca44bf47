# Control: ASL-Mix whose localizer draws random numbers.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(localizer=dict(_delete_=True, type='Uniform', size=8))))
