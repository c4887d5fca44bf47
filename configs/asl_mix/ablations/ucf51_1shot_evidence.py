# ASL-Mix whose sounds and labels are mixed by what is left of both maps, not by the share of tokens.
_base_ = '../ucf51_1shot.py'

model = dict(mixer=dict(audio_ratio='evidence'))
