"""A control: the place of the sound is known."""

from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS
from mmavssl.structures.crop_boxes import cell_coverage
from mmavssl.utils.ranges import check_counts


@LOCALIZERS.register_module()
class Oracle(nn.Module):
    """The box of what sounds, as the pipeline gives it (see `LoadBoxes`; AVSprites has boxes).

    What a perfect localizer would bring.

    Args:
        size: rows and columns of the map.

    Raises:
        ValueError: ``size`` is not positive.
    """

    #: Key of the view that comes in the place of the sound.
    audio_input = 'boxes'
    #: It is no sound: what is the same everywhere is no silence.
    hears_sound = False

    def __init__(self, size: int = 14) -> None:
        super().__init__()
        check_counts(size=size)
        self.size = size

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return how much of each cell the box covers, (B, T, size, size) in [0, 1].

        Args:
            frames: (B, T, 3, H, W) in [0, 1].
            audio: the boxes (B, T, 4), x1, y1, x2, y2 in shares of the frame's sides.

        Raises:
            ValueError: there is not one box for each frame.
        """
        if audio.shape != (*frames.shape[:2], 4):
            raise ValueError(
                f'Expected `boxes` of shape {(*frames.shape[:2], 4)}, one for each frame, but got '
                f'{tuple(audio.shape)}.'
            )
        return cell_coverage(audio, (self.size, self.size)).float()
