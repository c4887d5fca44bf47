# Fig. 5 of the paper at the size of two CPU cores: frames that share a map.
_base_ = './_base_/avsprites_2shot.py'

name = 'fig5_small'
title = 'What Fig. 5 compares, on AVSprites'
note = (
    '2 labels per class, chosen by the seed. Clips have 4 frames, in the last two rows 8 of the '
    'same 2 seconds: compare these with each other.'
)
baseline = 'frames_1'

rows = [
    dict(
        name='frames_1',
        title='1 frame per map',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='frames_2',
        title='2 frames per map',
        config='configs/asl_mix/ablations/avsprites_2shot_frames_per_map_2.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='frames_4',
        title='4 frames per map',
        config='configs/asl_mix/ablations/avsprites_2shot_frames_per_map_4.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='clip_8_frames_1',
        title='1 frame per map, clips of 8',
        config='configs/asl_mix/ablations/avsprites_2shot_8_frames.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='clip_8_frames_8',
        title='8 frames per map, clips of 8',
        config='configs/asl_mix/ablations/avsprites_2shot_frames_per_map_8.py',
        options={{_base_._semi_supervised}},
    ),
]
