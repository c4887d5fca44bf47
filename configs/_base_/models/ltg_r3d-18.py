# LTG: two 3D-ResNet-18 from random weights, of frames and of temporal gradients.
model = dict(
    type='LTGRecognizer',
    data_preprocessor=dict(
        type='AVDataPreprocessor', mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    student=dict(
        type='LTGStudent',
        backbone=dict(type='ResNet3d18', base_channels=64),
        head=dict(type='ClsHead', in_channels=512, dropout=0.5),
        projection=dict(
            type='ProjectionHead',
            in_channels=512,
            hidden_channels=512,
            out_channels=512,
            num_layers=3,
        ),
    ),
    threshold=dict(type='FixedThreshold', threshold=0.3),
    alignment=dict(type='FeatureAlignmentLoss', kind='cosine', stop='gradient'),
    contrast=dict(type='AVContrastiveLoss', temperature=0.5),
    label_by='avg',
    loss_weights=dict(unsup=1.0, align=1.0, contrast=1.0),
    warmup_epochs=30,
)
custom_hooks = [dict(type='ThresholdUpdateHook')]
sync_bn = 'torch'
