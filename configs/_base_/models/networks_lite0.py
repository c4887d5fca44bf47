# Networks that two CPU cores fine-tune in minutes: frames and log-mels by an image network each, both with
# ImageNet weights (tools/convert/efficientnet_lite.py), joined.
lite0_video_backbone = dict(
    _delete_=True,  # in place of the transformers of a base
    type='TimmFrameEncoder',
    name='tf_efficientnet_lite0',
    norm_eval=True,
    init_cfg=dict(type='Pretrained', checkpoint='work_dirs/weights/lite0.safetensors'),
)
lite0_audio_backbone = dict(
    _delete_=True,
    type='TimmAudioEncoder',
    name='tf_efficientnet_lite0',
    norm_eval=True,
    init_cfg=dict(type='Pretrained', checkpoint='work_dirs/weights/lite0.safetensors'),
)
lite0_fusion = dict(_delete_=True, type='ConcatFusion', video_dims=1280, audio_dims=1280)
