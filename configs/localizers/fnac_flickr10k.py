# FNAC on 10,000 clips of Flickr-SoundNet.
_base_ = [
    '../_base_/models/localizer_fnac.py',
    '../_base_/datasets/localizer_flickr.py',
    '../_base_/schedules/adam_localizer_30e.py',
    '../_base_/default_runtime.py',
]

train_dataloader = dict(batch_size=256)
prepare_commands = dict(
    data='python tools/data/prepare_flickr_soundnet.py /path/to/Flickr-SoundNet data/flickr10k --train-list metadata/flickr_10k.txt --test-list metadata/flickr_test.csv'
)
