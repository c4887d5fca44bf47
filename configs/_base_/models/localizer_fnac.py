# FNAC, trained without labels on the data set's own clips; it hears the recognizer's log-mel.
model = dict(
    type='LocalizerTrainer',
    data_preprocessor=dict(type='AVDataPreprocessor'),
    localizer=dict(type='FNACLocalizer', audio_input='logmel', pretrained_image=True),
    loss=dict(type='FNACLoss'),
)
# Checkpoints say what the localizer hears.
custom_hooks = [dict(type='LocalizerInputHook')]
