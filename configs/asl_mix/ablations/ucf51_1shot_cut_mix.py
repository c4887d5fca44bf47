# Mask types: ASL-Mix with a box of the other clip, the same in all frames (CutMix, Beta(10, 10)).
_base_ = '../ucf51_1shot.py'

model = dict(mixer=dict(_delete_=True, type='CutMix', alpha=10.0, beta=10.0))
