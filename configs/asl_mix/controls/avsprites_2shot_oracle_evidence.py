# Control: true boxes, and sounds and labels by what is left of both.
_base_ = './avsprites_2shot_oracle.py'

model = dict(mixer=dict(audio_ratio='evidence'))
