# TCL in 15 epochs, for AVSprites.
_base_ = './tcl_tsm-r18.py'

model = dict(warmup_epochs=2, finetune_epoch=12)
sync_bn = None  # there is none on CPUs
