"""Maps of single frames, each with a sound of its own."""

from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor, nn

from mmavssl.models.localizers.audio_input import LOGMEL, localizer_audio
from mmavssl.models.localizers.check_maps import check_maps
from mmavssl.models.maskers.map_weights import (
    min_max_per_frame,
    resize_maps,
    without_evidence,
)
from mmavssl.utils.errors import ConfigError

SOUNDS = (LOGMEL, 'spectrogram', 'waveform')
# How far apart maps of the same frame may be, as a share of their span and of their values.
TOLERANCE = (1e-2, 1e-5)


class FrameMaps:
    """A localizer whose maps of a frame are those that it gives for the frame alone.

    That is tried out on the first frame that shows something.

    Args:
        localizer: to ask; must hear a sound that precomputing has.
        size: rows and columns of a map.
        device: of the localizer.

    Raises:
        ConfigError: it hears something else.
    """

    def __init__(self, localizer: nn.Module, size: int, device: str = 'cpu') -> None:
        self.localizer = localizer.to(device).eval()
        self.audio_input = getattr(localizer, 'audio_input', LOGMEL)
        self.hears_sound = getattr(localizer, 'hears_sound', True)
        self.size = (size, size)
        self.device = device
        self._checked = False
        if self.audio_input not in SOUNDS:
            raise ConfigError(
                f'{type(localizer).__name__} has `audio_input`={self.audio_input!r}, but only '
                f'maps by {", ".join(SOUNDS)} are computed once. Leave it in the model.'
            )

    @torch.no_grad()
    def __call__(self, video: dict) -> np.ndarray:
        """Return the maps (K, size, size) of frames; 0 where there is nothing to see or to hear.

        Args:
            video: ``imgs`` (K, H, W, 3), uint8, and the sound of each.

        Raises:
            ConfigError: the localizer compares frames, or there is no sound for it.
        """
        sound = localizer_audio(video, self.audio_input)
        if sound is None:
            raise ConfigError(
                f'{type(self.localizer).__name__} hears a log-mel, but the strong view of the '
                'unlabeled clips has none. Add LogMel to it.'
            )
        sound = sound.to(self.device)
        frames = video['imgs'].to(self.device).permute(0, 3, 1, 2).float()[:, None] / 255
        useless = without_evidence(frames, sound, self.hears_sound)[:, 0]
        if not self._checked and not useless.all():
            place = useless.logical_not().nonzero()[0]
            self._check(frames[place], sound[place])
        maps = resize_maps(self._locate(frames, sound).float(), self.size, 'bilinear')
        useless |= min_max_per_frame(maps)[1][:, 0]
        return maps[:, 0].masked_fill(useless[:, None, None], 0).cpu().numpy()

    def _locate(self, frames: Tensor, sound: Tensor) -> Tensor:
        """Ask the localizer for maps (B, T, h, w) of frames (B, T, 3, H, W)."""
        maps = self.localizer(frames, sound)
        return check_maps(self.localizer, maps, frames.shape[:2], frames.device)

    def _check(self, frame: Tensor, sound: Tensor) -> None:
        """Compare maps of a frame (1, 1, 3, H, W) and its mirror image, together and alone."""
        mirrored = frame.flip(-1)
        together = self._locate(torch.cat([frame, mirrored], dim=1), sound)[0].float()
        alone = self._locate(torch.cat([frame, mirrored]), torch.cat([sound, sound]))[:, 0]
        share, rounding = TOLERANCE
        span = torch.maximum(together.max() - together.min(), alone.max() - alone.min())
        allowed = share * span + rounding * together.abs().max()
        if ((together - alone).abs() > allowed).any():
            raise ConfigError(
                f'{type(self.localizer).__name__} gives a frame another map beside other frames '
                'than alone: it compares frames, or draws random numbers. Maps for videos of '
                'predictions and for training without a localizer are of single frames. Leave it '
                'in the model, and see its maps by tools/analysis/visualize_masks.py.'
            )
        self._checked = True


def weights_digest(module: nn.Module) -> str:
    """Return a hash of the names and values of parameters and buffers, saved or not."""
    digest = blake2b(digest_size=16)
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name, tensor in sorted(tensors.items()):
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
