# Networks that two CPU cores train in minutes on AVSprites (64 x 64 frames).
tiny_video_backbone = dict(
    img_size=64,
    patch_size=8,
    embed_dims=96,
    depth=4,
    num_heads=3,
    drop_path_rate=0.0,
    init_cfg=dict(checkpoint='{{fileDirname}}/../../pretrain/avsprites_frame_encoder.safetensors'),
)
tiny_audio_backbone = dict(
    embed_dims=96, depth=4, num_heads=3, num_mel_bins=64, num_frames=192, init_cfg=None
)
tiny_fusion = dict(video_dims=96, audio_dims=96, num_layers=1, feedforward_channels=384)
