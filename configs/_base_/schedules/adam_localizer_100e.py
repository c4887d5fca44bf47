# EZ-VSL's scripts for the small sets: Adam, constant learning rate, 100 epochs.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=0.0),
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=100, val_interval=1000)
