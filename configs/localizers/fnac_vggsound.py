# FNAC on the training clips of VGGSound, without labels.
_base_ = [
    '../_base_/models/localizer_fnac.py',
    '../_base_/datasets/localizer_vggsound.py',
    '../_base_/schedules/adam_localizer_30e.py',
    '../_base_/default_runtime.py',
]

prepare_commands = dict(data='python tools/data/prepare_vggsound.py /path/to/VGGSound data/vggsound')
