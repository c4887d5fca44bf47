# Mask types: ASL-Mix with whole frames of the one or the other clip (Beta(10, 10)).
_base_ = '../ucf51_1shot.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='FrameToken'), alpha=10.0))
