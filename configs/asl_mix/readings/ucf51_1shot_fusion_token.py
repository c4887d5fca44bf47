# The other reading of the fusion (Eq. 9): video and sound are two tokens of width 768 that attend to
# each other, not one of width 1536.
_base_ = '../ucf51_1shot.py'

model = dict(student=dict(fusion=dict(mode='token')))
