# TCL: TSM-ResNet-18 from random weights, two frame rates, contrast of clips and of groups.
model = dict(
    type='TCLRecognizer',
    data_preprocessor=dict(
        type='AVDataPreprocessor', mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    student=dict(
        type='AVRecognizer',
        backbone=dict(type='TSMResNet', depth=18, place='block', shift_div=8, frame_dropout=0.5),
        head=dict(type='ClsHead', in_channels=512),
    ),
    threshold=dict(type='FixedThreshold', threshold=0.8),
    loss_weights=dict(instance=9.0, group=1.0, pseudo=1.0),
    warmup_epochs=50,
    finetune_epoch=350,
)
custom_hooks = [dict(type='ThresholdUpdateHook')]
sync_bn = 'torch'  # of the clips of all GPUs; in the released code, of one
