# A small localizer on one's own videos, without labels.
_base_ = '../../configs/localizers/fnac_avsprites.py'

train_dataloader = dict(
    batch_size=16, dataset=dict(data_root='data/own', ann_file='manifest_train.csv')
)
train_cfg = dict(max_epochs=10)
prepare_commands = dict(data='see docs/own_videos.md')
