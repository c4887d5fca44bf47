# EZ-VSL, trained without labels on the data set's own clips; it hears the recognizer's log-mel.
model = dict(
    type='LocalizerTrainer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    localizer=dict(
        type='EZVSLLocalizer', audio_input='logmel', image_dropout=0.0, pretrained_image=True
    ),
    loss=dict(type='MILContrastiveLoss'),
)
# Checkpoints say what the localizer hears.
custom_hooks = [dict(type='LocalizerInputHook')]
