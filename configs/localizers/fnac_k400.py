# FNAC on the training clips of Kinetics-400, without labels.
_base_ = [
    '../_base_/models/localizer_fnac.py',
    '../_base_/datasets/localizer_k400.py',
    '../_base_/schedules/adam_localizer_30e.py',
    '../_base_/default_runtime.py',
]

prepare_commands = dict(data='python tools/data/prepare_k400.py /path/to/kinetics400 data/k400')
