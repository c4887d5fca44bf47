# ASL-Mix at the paper's size on one's own videos. As it stands it makes two iterations on a CPU, to
# see that everything fits; for training use the schedule of configs/asl_mix/ucf51_1shot.py, drop
# `init_cfg=None` to start from ImageNet, train the localizer first, and test both networks.
_base_ = '../asl_mix/ucf51_1shot.py'

num_classes = 10
data_root = 'data/own'
model = dict(
    student=dict(
        backbone=dict(init_cfg=None, with_cp=True),
        audio_backbone=dict(init_cfg=None),
        head=dict(num_classes=num_classes),
    ),
    mixer=dict(masker=dict(localizer=dict(init_cfg=None))),
    warmup_epochs=0,
    test_with='student',
)
train_dataloader = dict(
    num_workers=1,
    pin_memory=False,
    sampler=dict(epoch_over=2),
    dataset=dict(labeled=dict(data_root=data_root), unlabeled=dict(data_root=data_root)),
)
val_dataloader = dict(
    batch_size=1, num_workers=1, pin_memory=False, dataset=dict(data_root=data_root)
)
test_dataloader = dict(
    batch_size=1, num_workers=1, pin_memory=False, dataset=dict(data_root=data_root)
)
optim_wrapper = dict(accumulative_counts=1)
train_cfg = dict(max_epochs=1, val_begin=2)  # no validation
default_hooks = dict(logger=dict(interval=1))
prepare_commands = dict(
    data='python tools/data/prepare_folder.py /path/to/videos data/own',
    split='python tools/data/make_split.py data/own/manifest_train.csv --shots 1 --seed 0',
)
