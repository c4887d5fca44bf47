# lite0_asl_mix.py with the labeled clips alone.
_base_ = './lite0_asl_mix.py'

# Epochs of warm-up have labeled clips alone; here all are.
model = dict(mixer=None, warmup_epochs=5)
