"""Where the embeddings of each class are."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmavssl.utils.distributed import gather
from mmavssl.utils.ranges import MAX_WIDTH, check_counts, check_range


class ClassCentroids(nn.Module):
    """Moving averages of the embeddings of labeled clips, by class.

    They are buffers and so in checkpoints. A class's first clips make its centroid, and later ones
    move it. All processes see the clips of all, and have the same centroids.

    Args:
        num_classes: K.
        dims: width D of the embeddings.
        momentum: share of the new clips' mean, in (0, 1].

    Raises:
        ValueError: a number out of its range.
    """

    means: Tensor
    known: Tensor

    def __init__(self, num_classes: int, dims: int, momentum: float = 0.1) -> None:
        super().__init__()
        check_counts(MAX_WIDTH, num_classes=num_classes, dims=dims)
        self.momentum = check_range('momentum', momentum, above=0, high=1)
        self.register_buffer('means', torch.zeros(num_classes, dims))
        self.register_buffer('known', torch.zeros(num_classes, dtype=torch.bool))

    @torch.no_grad()
    def update(self, embeddings: Tensor, labels: Tensor) -> None:
        """Move the centroids of the classes that occur.

        Where one embedding is not finite, all stay as they were. Nothing waits for the device.

        Args:
            embeddings: (B, D) of this process; as many on each.
            labels: (B,) of its clips.
        """
        embeddings, labels = gather(embeddings).to(self.means), gather(labels)
        members = F.one_hot(labels, len(self.means)).to(embeddings)
        counts = members.sum(dim=0)
        new = members.T @ embeddings / counts.clamp(min=1)[:, None]
        moved = torch.where(self.known[:, None], self.means.lerp(new, self.momentum), new)
        occurs = (counts > 0) & torch.isfinite(embeddings).all()
        self.means.copy_(torch.where(occurs[:, None], moved, self.means))
        self.known.logical_or_(occurs)
