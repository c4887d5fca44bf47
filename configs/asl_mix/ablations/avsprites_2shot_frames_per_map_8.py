# Fig. 5 on AVSprites: ASL-Mix whose maps are means over all frames of a clip of 8.
_base_ = './avsprites_2shot_8_frames.py'

model = dict(mixer=dict(masker=dict(frames_per_map=8)))
