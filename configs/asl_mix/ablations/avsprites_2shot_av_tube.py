# Table 2, row 2, on AVSprites: sound is heard, but masks are tubes, and nothing is contrasted.
_base_ = './avsprites_2shot_av_tube_contrast.py'

model = dict(contrast=None)
