# Table 2, row 3, on AVSprites: ASL-Mix with SVFormer's tube masks (Beta(10, 10)).
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='TubeToken'), alpha=10.0))
