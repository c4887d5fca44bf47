# VGGSound for a localizer: one frame and 3 s of sound per clip, the list vggss_10k; tested on VGG-SS.
_base_ = '../pipelines/frame_and_sound_224.py'

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='EpochSampler'),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.semi_supervised_collate'),
    drop_last=True,
    dataset=dict(
        type='AVDataset',
        source='unlabeled',
        data_root='data/vggss10k',
        ann_file='manifest_train.csv',
        classes_file='classes.txt',
        pipeline={{_base_.train_pipeline}},
    ),
)
# Tested after the last epoch, as what a run gives: the papers chose the best epoch on the test set.
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.av_collate'),
    dataset=dict(
        type='AVDataset',
        source='unlabeled',
        test_mode=True,
        data_root='data/vggss10k',
        ann_file='manifest_test.csv',
        classes_file='classes.txt',
        pipeline={{_base_.test_pipeline}},
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(
    type='SoundSourceMetric', boxes_file='data/vggss10k/boxes_test.json', consensus=1
)
test_evaluator = val_evaluator
val_cfg = dict()
test_cfg = dict()
