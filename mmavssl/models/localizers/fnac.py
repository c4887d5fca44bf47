"""The localizer of FNAC."""

from mmavssl.models.localizers.cosine import CosineLocalizer
from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class FNACLocalizer(CosineLocalizer):
    """FNAC (Sun et al., CVPR 2023), the paper's localizer; trained with `FNACLoss`.

    The network and its arguments are those of `CosineLocalizer`. In training FNAC drops nine
    tenths of the frame features.
    """

    method_dropout = 0.9
