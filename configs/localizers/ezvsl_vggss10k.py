# EZ-VSL on 10,000 clips of VGGSound, tested on VGG-SS.
_base_ = [
    '../_base_/models/localizer_ezvsl.py',
    '../_base_/datasets/localizer_vggss.py',
    '../_base_/schedules/adam_localizer_100e.py',
    '../_base_/default_runtime.py',
]

prepare_commands = dict(
    data='python tools/data/prepare_vggss.py /path/to/VGGSound data/vggss10k --train-list metadata/vggss_10k.txt --annotations metadata/vggss.json'
)
