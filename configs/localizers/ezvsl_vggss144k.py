# EZ-VSL on 144,000 clips of VGGSound, tested on VGG-SS.
_base_ = [
    '../_base_/models/localizer_ezvsl.py',
    '../_base_/datasets/localizer_vggss144k.py',
    '../_base_/schedules/adam_localizer_100e.py',
    '../_base_/default_runtime.py',
]

train_cfg = dict(max_epochs=20)
prepare_commands = dict(
    data='python tools/data/prepare_vggss.py /path/to/VGGSound data/vggss144k --train-list metadata/vggss_144k.txt --annotations metadata/vggss.json'
)
