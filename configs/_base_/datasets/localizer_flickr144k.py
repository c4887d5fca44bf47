# Flickr-SoundNet for a localizer, the list flickr_144k.
_base_ = 'localizer_flickr.py'

train_dataloader = dict(dataset=dict(data_root='data/flickr144k'))
val_dataloader = dict(dataset=dict(data_root='data/flickr144k'))
test_dataloader = dict(dataset=dict(data_root='data/flickr144k'))
val_evaluator = dict(boxes_file='data/flickr144k/boxes_test.json')
test_evaluator = dict(boxes_file='data/flickr144k/boxes_test.json')
