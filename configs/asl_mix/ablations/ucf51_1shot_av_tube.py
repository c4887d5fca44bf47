# Table 2, row 2: sound is heard, but masks are tubes (Beta(10, 10)), and nothing is contrasted.
_base_ = './ucf51_1shot_av_tube_contrast.py'

model = dict(contrast=None)
