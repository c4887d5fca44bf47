# Networks that two CPU cores train in minutes on AVSprites (4 frames of 64 x 64).
tiny_video_backbone = dict(
    img_size=64,
    patch_size=8,
    num_frames=4,
    embed_dims=64,
    depth=3,
    num_heads=2,
    drop_path_rate=0.0,
    init_cfg=dict(checkpoint='{{fileDirname}}/../../pretrain/avsprites_frame_encoder.safetensors'),
)
tiny_audio_backbone = dict(
    embed_dims=64, depth=3, num_heads=2, num_mel_bins=64, num_frames=192, init_cfg=None
)
tiny_fusion = dict(
    video_dims=64, audio_dims=64, num_layers=1, num_heads=4, feedforward_channels=256
)
tiny_localizer = dict(
    num_stages=2, base_channels=32, out_dims=128, image_dropout=0.0, pretrained_image=False
)
