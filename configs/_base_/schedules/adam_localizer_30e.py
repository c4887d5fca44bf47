# FNAC's scripts: Adam, constant learning rate, 30 epochs of which 5 are warm-up (in the loss).
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=30, val_interval=1000)
