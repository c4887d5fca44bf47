# One's own videos, frames and sound: semi-supervised training (1 labeled : 2 unlabeled), 15-view test.
_base_ = '../pipelines/audio_visual_128.py'

data_root = 'data/own'
train_dataloader = dict(
    batch_size=12,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='TwoStreamSampler', epoch_over=20),
    batch_sampler=dict(type='RatioBatchSampler', ratio=(1, 2)),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.semi_supervised_collate'),
    dataset=dict(
        type='SemiSupervisedDataset',
        labeled=dict(
            type='AVDataset',
            data_root=data_root,
            classes_file='classes.txt',
            pipeline={{_base_.labeled_pipeline}},
        ),
        unlabeled=dict(
            type='AVDataset',
            data_root=data_root,
            classes_file='classes.txt',
            pipeline={{_base_.unlabeled_pipeline}},
        ),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.av_collate'),
    dataset=dict(
        type='AVDataset',
        source='test',
        test_mode=True,
        data_root=data_root,
        ann_file='manifest_test.csv',
        classes_file='classes.txt',
        pipeline={{_base_.test_pipeline}},
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='MultiViewAccuracy')
test_evaluator = val_evaluator
