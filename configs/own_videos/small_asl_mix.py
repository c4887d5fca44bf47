# ASL-Mix with small networks on one's own videos: 100 iterations, minutes on two CPU cores.
_base_ = '../asl_mix/avsprites_1shot.py'

num_classes = 10
model = dict(
    student=dict(backbone=dict(init_cfg=None), head=dict(num_classes=num_classes)),
    mixer=dict(
        masker=dict(
            localizer=dict(
                init_cfg=dict(checkpoint='work_dirs/own_videos/small_localizer/epoch_10.pth')
            )
        )
    ),
    warmup_epochs=1,
)
data_root = 'data/own'
train_dataloader = dict(
    dataset=dict(labeled=dict(data_root=data_root), unlabeled=dict(data_root=data_root))
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
train_cfg = dict(max_epochs=5)
param_scheduler = [dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=20)]
prepare_commands = dict(
    data='python tools/data/prepare_folder.py /path/to/videos data/own',
    split='python tools/data/make_split.py data/own/manifest_train.csv --shots 1 --seed 0',
    localizer='python tools/train.py configs/own_videos/small_localizer.py',
)
