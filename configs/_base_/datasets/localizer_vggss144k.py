# VGGSound for a localizer, the list vggss_144k; tested on VGG-SS.
_base_ = 'localizer_vggss.py'

train_dataloader = dict(dataset=dict(data_root='data/vggss144k'))
val_dataloader = dict(dataset=dict(data_root='data/vggss144k'))
test_dataloader = dict(dataset=dict(data_root='data/vggss144k'))
val_evaluator = dict(boxes_file='data/vggss144k/boxes_test.json')
test_evaluator = dict(boxes_file='data/vggss144k/boxes_test.json')
