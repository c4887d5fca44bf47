# EZ-VSL on the training clips of UCF-51, without labels.
_base_ = [
    '../_base_/models/localizer_ezvsl.py',
    '../_base_/datasets/localizer_ucf51.py',
    '../_base_/schedules/adam_localizer_100e.py',
    '../_base_/default_runtime.py',
]

prepare_commands = dict(data='python tools/data/prepare_ucf51.py /path/to/UCF-101 data/ucf51')
