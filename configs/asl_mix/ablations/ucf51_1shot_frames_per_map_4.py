# Fig. 5: ASL-Mix whose maps are means over 4 frames.
_base_ = '../ucf51_1shot.py'

model = dict(mixer=dict(masker=dict(frames_per_map=4)))
