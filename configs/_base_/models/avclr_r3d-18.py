# AvCLR, a re-implementation from the published description: all values are ours (configs/avclr/README.md).
model = dict(
    type='AvCLRReimpl',
    data_preprocessor=dict(
        type='AVDataPreprocessor', mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    student=dict(
        type='AvCLRStudent',
        backbone=dict(type='ResNet3d18', base_channels=64),
        audio_backbone=dict(type='AudioResNet', base_channels=64, num_stages=4),
        fusion=dict(type='ConcatFusion', video_dims=512, audio_dims=512),
        head=dict(type='ClsHead', in_channels=1024, dropout=0.5),
        video_projection=dict(
            type='ProjectionHead',
            in_channels=512,
            hidden_channels=512,
            out_channels=128,
            num_layers=2,
            norm=False,
        ),
        audio_projection=dict(
            type='ProjectionHead',
            in_channels=512,
            hidden_channels=512,
            out_channels=128,
            num_layers=2,
            norm=False,
        ),
    ),
    threshold=dict(type='FixedThreshold', threshold=0.3),
    intra_contrast=dict(type='NTXentLoss', temperature=0.1),
    contrast=dict(type='AVContrastiveLoss', temperature=0.07),
    # Not DEC's alpha = scale = 1: of 51 classes, no share could be above 0.09.
    clustering=dict(type='DeepClusteringLoss', alpha=10.0, scale=0.02),
    centroid_momentum=0.1,
    loss_weights=dict(unsup=1.0, intra=0.5, cross=0.5, cluster=0.1),
    warmup_epochs=30,
)
custom_hooks = [dict(type='ThresholdUpdateHook')]
sync_bn = 'torch'
