# The recognizer of ASL-Mix, trained on the labeled clips alone.
_base_ = './networks_vit-b.py'

model = dict(
    type='SupervisedRecognizer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    student=dict(
        type='AVRecognizer',
        backbone={{_base_.video_backbone}},
        audio_backbone={{_base_.audio_backbone}},
        fusion={{_base_.fusion}},
        head=dict(type='ClsHead', in_channels=1536),
    ),
)
