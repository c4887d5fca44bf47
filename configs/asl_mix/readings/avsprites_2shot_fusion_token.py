# The other reading of the fusion (Eq. 9): video and sound are two tokens of width 64 that attend to
# each other, not one of width 128.
_base_ = '../avsprites_2shot.py'

model = dict(student=dict(fusion=dict(mode='token')))
