# EZ-VSL on 144,000 clips of Flickr-SoundNet.
_base_ = [
    '../_base_/models/localizer_ezvsl.py',
    '../_base_/datasets/localizer_flickr144k.py',
    '../_base_/schedules/adam_localizer_100e.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(max_epochs=20)
prepare_commands = dict(
    data='python tools/data/prepare_flickr_soundnet.py /path/to/Flickr-SoundNet data/flickr144k --train-list metadata/flickr_144k.txt --test-list metadata/flickr_test.csv'
)
