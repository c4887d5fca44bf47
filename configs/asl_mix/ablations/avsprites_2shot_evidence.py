# ASL-Mix whose sounds and labels are mixed by what is left of both maps, not by the share of tokens.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(audio_ratio='evidence'))
