# Table 2, row 4: guided masks, but nothing is contrasted.
_base_ = '../ucf51_1shot.py'

model = dict(contrast=None)
