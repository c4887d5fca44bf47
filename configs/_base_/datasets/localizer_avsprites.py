# AVSprites for a localizer: every training clip, no labels, frames and sound.
_base_ = '../pipelines/audio_visual_64.py'

train_dataloader = dict(
    batch_size=48,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='EpochSampler'),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.semi_supervised_collate'),
    drop_last=True,
    dataset=dict(
        type='AVDataset',
        source='unlabeled',
        data_root='data/avsprites',
        ann_file='manifest_train.csv',
        classes_file='classes.txt',
        prepare_command='python tools/data/make_avsprites.py data/avsprites',
        pipeline={{_base_.labeled_pipeline}},
    ),
)
# Maps against the boxes of the sounding actors, on one clip from the middle of each test video.
test_dataloader = dict(
    batch_size=8,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    worker_init_fn=dict(type='mmavssl.av_worker_init_fn'),
    collate_fn=dict(type='mmavssl.av_collate'),
    dataset=dict(
        type='AVDataset',
        source='test',
        test_mode=True,
        data_root='data/avsprites',
        ann_file='manifest_test.csv',
        classes_file='classes.txt',
        prepare_command='python tools/data/make_avsprites.py data/avsprites',
        pipeline={{_base_.center_pipeline}},
    ),
)
test_cfg = dict()
test_evaluator = dict(type='LocalizationMetric', boxes_file='data/avsprites/boxes_test.npz')
