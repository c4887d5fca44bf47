"""Whole frames of tokens."""

from torch import Tensor

from mmavssl.models.maskers.base import BaseMasker, MaskResult, keep_earliest
from mmavssl.registry import MASKERS


@MASKERS.register_module()
class FrameToken(BaseMasker):
    """Frame masks of SVFormer's ablation (paper, section 3.2).

    ``round(ratio * T)`` frames, drawn uniformly without replacement, keep all their tokens and the
    others none; the realised ratio is that number of frames over T, which with few frames is far
    from the ratio asked for.
    """

    def draw(
        self,
        ratio: Tensor,
        grid: tuple[int, int, int],
        frames: Tensor | None = None,
        audio: Tensor | None = None,
    ) -> MaskResult:
        """Draw the frames to keep; arguments as in `forward`."""
        num_frames, height, width = grid
        count = self.kept_count(ratio, num_frames)
        kept = keep_earliest(self.arrival_times(ratio, num_frames), count)
        mask = kept[..., None].repeat(1, 1, height * width)
        return MaskResult(mask, count / num_frames)
