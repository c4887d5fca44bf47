# Views as SVFormer's released code makes them: strong views are flipped, weak ones of unlabeled clips
# are not; RandAugment never runs there, and time is warped and colours are dropped on the device, by
# one draw per batch (data_preprocessor). Validation sees one random view of each clip.
input_size = dict(num_frames=8, size=224)

clip = dict(type='SampleClip', clip_len=8, frame_interval=8, spread='ends')
flipped_view = [
    clip,
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
]
unflipped_view = [
    clip,
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
]
labeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(type='MultiView', weak=flipped_view),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(type='MultiView', weak=unflipped_view, strong=flipped_view),
    dict(type='PackAVInputs'),
]
val_pipeline = [
    dict(type='OpenAVFile', audio=None),
    *flipped_view,
    dict(type='PackAVInputs'),
]
test_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(
        type='SampleClip',
        clip_len=8,
        frame_interval=8,
        num_clips=5,
        mode='segments',
        spread='ends',
    ),
    dict(type='LoadAVClip'),
    dict(type='ThreeCrop', scale=224, size=224),
    dict(type='PackAVInputs'),
]
