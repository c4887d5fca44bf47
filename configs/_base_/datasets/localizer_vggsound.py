# VGGSound for a localizer: every training clip, no labels, frames and sound.
_base_ = '../pipelines/audio_visual_224.py'

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
        data_root='data/vggsound',
        ann_file='manifest_train.csv',
        classes_file='classes.txt',
        pipeline={{_base_.labeled_pipeline}},
    ),
)
