# Table 2, row 3: ASL-Mix with SVFormer's tube masks (Beta(10, 10)) instead of guided ones.
_base_ = '../ucf51_1shot.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='TubeToken'), alpha=10.0))
