# Fig. 5 on AVSprites: ASL-Mix whose maps are means over 2 frames of a clip of 4.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(frames_per_map=2)))
