# A small localizer on one's own videos, without labels.
_base_ = '../localizers/fnac_avsprites.py'

train_dataloader = dict(
    batch_size=16, dataset=dict(data_root='data/own', ann_file='manifest_train.csv')
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=8),
    dict(type='CosineAnnealingLR', T_max=10, by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=10)
prepare_commands = dict(data='python tools/data/prepare_folder.py /path/to/videos data/own')
# There are no boxes to test maps against; tools/analysis/visualize_masks.py shows them.
test_dataloader = test_cfg = test_evaluator = None
