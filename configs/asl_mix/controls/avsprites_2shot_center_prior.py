# Control: ASL-Mix whose localizer says that all sounds come from the middle.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(localizer=dict(_delete_=True, type='CenterPrior', size=8))))
