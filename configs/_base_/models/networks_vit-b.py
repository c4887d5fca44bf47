# The networks at the paper's size: 121M parameters for video, 254M audio-visual.
video_backbone = dict(
    type='TimeSformer',
    attention_type='divided',
    img_size=224,
    patch_size=16,
    num_frames=8,
    embed_dims=768,
    depth=12,
    num_heads=12,
    drop_path_rate=0.1,
    init_cfg=dict(type='Pretrained', checkpoint='timm://vit_base_patch16_224.orig_in21k_ft_in1k'),
)
audio_backbone = dict(
    type='ASTEncoder',
    embed_dims=768,
    depth=12,
    num_heads=12,
    num_mel_bins=128,
    num_frames=256,
    patch_size=16,
    stride=16,
    init_cfg=dict(type='Pretrained', checkpoint='timm://vit_base_patch16_224.orig_in21k_ft_in1k'),
)
fusion = dict(type='TransformerFusion', mode='concat', num_layers=3, feedforward_channels=2048)
