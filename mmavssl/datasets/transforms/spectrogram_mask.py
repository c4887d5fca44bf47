"""FNAC's masking of spectrograms in training."""

import torch
from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SpectrogramMask(BaseTransform):
    """Blank one band of frequencies and one of time of ``spectrogram`` (K, 257, T), as FNAC does.

    EZ-VSL does not. FNAC's oddities are kept: blank is 0, louder than any sound (silence is
    -1.34); and the axes are mixed up. The first bin of a band is drawn from the number of windows,
    so that of 200 windows no band begins above bin 199, and the first window from the number of
    bins, so that 22 % of the bands lie beyond the last of 200 windows and blank nothing.

    Args:
        max_width: of a band, exclusive; 0 is drawn as well.

    Raises:
        ValueError: it is not positive.
    """

    def __init__(self, max_width: int = 10) -> None:
        if max_width < 1:
            raise ValueError(f'Expected `max_width` to be positive, but got {max_width!r}.')
        self.max_width = max_width

    def transform(self, results: dict) -> dict:
        """Blank the bands, of each clip its own."""
        results['spectrogram'] = results['spectrogram'].clone()
        for spectrogram in results['spectrogram']:
            bins, windows = spectrogram.shape
            spectrogram[self._draw_band(windows)] = 0
            spectrogram[:, self._draw_band(bins)] = 0
        return results

    def _draw_band(self, num_starts: int) -> slice:
        start = int(torch.randint(num_starts, ()))
        return slice(start, start + int(torch.randint(self.max_width, ())))
