# Control: ASL-Mix whose localizer knows the box of the actor that sounds.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(localizer=dict(_delete_=True, type='Oracle', size=8))))

# As in the base, with boxes after the flip.
strong_view = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    dict(type='LoadBoxes', boxes_file='data/avsprites/boxes_train.npz'),
    dict(type='ColorJitter', brightness=0.2, contrast=0.2),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='SpecAugment', freq_mask=12, time_mask=32, keep_clean=True),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(type='MultiView', weak={{_base_.weak_view}}, strong=strong_view),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(dataset=dict(unlabeled=dict(pipeline=unlabeled_pipeline)))
