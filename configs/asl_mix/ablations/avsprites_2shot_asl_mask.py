# Table 2, row 4, on AVSprites: guided masks, but nothing is contrasted.
_base_ = '../avsprites_2shot.py'

model = dict(contrast=None)
