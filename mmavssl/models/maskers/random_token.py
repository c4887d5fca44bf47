"""Independent random tokens in every frame."""

from torch import Tensor

from mmavssl.models.maskers.base import BaseMasker, MaskResult, keep_earliest
from mmavssl.registry import MASKERS


@MASKERS.register_module()
class RandomToken(BaseMasker):
    """Random-token masks of SVFormer's ablation (paper, section 3.2).

    Every frame keeps ``round(ratio * h * w)`` tokens, drawn uniformly without replacement and
    independently of the other frames.
    """

    def draw(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None = None,
        audio: Tensor | None = None,
    ) -> MaskResult:
        """Draw every frame on its own; arguments as in `forward`."""
        num_frames, height, width = grid
        positions = height * width
        count = self.kept_count(ratio, positions)
        times = self.arrival_times(ratio, num_frames, positions)
        return MaskResult(keep_earliest(times, count[:, None]), count / positions)
