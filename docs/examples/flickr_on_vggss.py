# FNAC trained on Flickr-SoundNet and tested on VGG-SS, as its authors report: checkpoints of fnac_flickr10k.py.
_base_ = '../../configs/localizers/fnac_flickr10k.py'

vggss = dict(
    data_root='data/vggss10k',
    prepare_command='python tools/data/prepare_vggss.py /path/to/VGGSound data/vggss10k --train-list metadata/vggss_10k.txt --annotations metadata/vggss.json',
)
val_dataloader = dict(dataset=vggss)
test_dataloader = dict(dataset=vggss)
val_evaluator = dict(boxes_file='data/vggss10k/boxes_test.json', consensus=1)
test_evaluator = dict(boxes_file='data/vggss10k/boxes_test.json', consensus=1)
