"""One random token pattern per clip, the same in every frame."""

from torch import Tensor

from mmavssl.models.maskers.base import BaseMasker, MaskResult, keep_earliest
from mmavssl.registry import MASKERS


@MASKERS.register_module()
class TubeToken(BaseMasker):
    """Tube masks of SVFormer's TubeToken Mix (paper, section 3.2).

    ``round(ratio * h * w)`` positions are drawn uniformly without replacement and kept through all
    frames. SVFormer's code is ``TubeToken(per_batch=True, rounding='down')``.
    """

    def draw(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None = None,
        audio: Tensor | None = None,
    ) -> MaskResult:
        """Draw one pattern and repeat it over the frames; arguments as in `forward`."""
        num_frames, height, width = grid
        positions = height * width
        count = self.kept_count(ratio, positions)
        pattern = keep_earliest(self.arrival_times(ratio, positions), count)
        mask = pattern[:, None].repeat(1, num_frames, 1)
        return MaskResult(mask, count / positions)
