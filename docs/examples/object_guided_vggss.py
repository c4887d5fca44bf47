# EZ-VSL with object guidance on VGG-SS, as its authors score it: checkpoints of ezvsl_vggss10k.py.
_base_ = '../../configs/localizers/ezvsl_vggss10k.py'

model = dict(
    localizer=dict(
        _delete_=True, type='ObjectGuided', alpha=0.4, localizer={{_base_.model.localizer}}
    )
)
