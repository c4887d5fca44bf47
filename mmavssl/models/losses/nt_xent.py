"""Contrast of two views of the same clips."""

from mmavssl.models.losses.pathway_contrastive import InstanceContrastiveLoss
from mmavssl.registry import LOSSES


@LOSSES.register_module()
class NTXentLoss(InstanceContrastiveLoss):
    """NT-Xent (SimCLR; Chen et al., ICML 2020, Eq. 1).

    Both views of a clip are positives, both views of all other clips negatives, and the loss is
    the mean over the 2 N anchors. The embeddings (N, D) need not be normalized. Those of all
    processes are gathered, with gradient: the loss is that of the global batch, the same on each.

    TCL's contrast of clips is the same formula on class probabilities.

    Args:
        temperature: divides the cosine similarities, positive.

    Raises:
        ValueError: ``temperature`` is not positive.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__(temperature)
