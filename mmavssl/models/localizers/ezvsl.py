"""The localizer of EZ-VSL."""

from mmavssl.models.localizers.cosine import CosineLocalizer
from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class EZVSLLocalizer(CosineLocalizer):
    """EZ-VSL (Mo and Morgado, ECCV 2022); trained with `MILContrastiveLoss`.

    The network and its arguments are those of `CosineLocalizer`. Its own maps are combined with
    those of objects by `ObjectGuided`.
    """
