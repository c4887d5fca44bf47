# FNAC on Flickr-SoundNet, on its own spectrogram in place of the log-mel.
_base_ = '../../configs/localizers/fnac_flickr10k.py'

model = dict(localizer=dict(audio_input='spectrogram'))
train_dataloader = dict(dataset=dict(pipeline={{_base_.spectrogram_train_pipeline}}))
val_dataloader = dict(dataset=dict(pipeline={{_base_.spectrogram_test_pipeline}}))
test_dataloader = dict(dataset=dict(pipeline={{_base_.spectrogram_test_pipeline}}))
