"""Maps that were computed before, or come from elsewhere."""

from torch import Tensor, nn

from mmavssl.registry import LOCALIZERS


@LOCALIZERS.register_module()
class PrecomputedMap(nn.Module):
    """Pass on the maps that the pipeline gives as ``sound_map`` (see `LoadSoundMap`)."""

    #: Key of the view that comes in the place of the sound.
    audio_input = 'sound_map'
    #: It is no sound: what is the same everywhere is no silence.
    hears_sound = False

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """Return the maps.

        Args:
            frames: (B, T, 3, H, W) in [0, 1].
            audio: the maps (B, T, h, w).

        Raises:
            ValueError: there is not one map for each frame.
        """
        if audio.dim() != 4 or audio.shape[:2] != frames.shape[:2]:
            raise ValueError(
                f'Expected `sound_map` to have a map for each frame, (B, T, h, w) with B, T = '
                f'{tuple(frames.shape[:2])}, but got shape {tuple(audio.shape)}.'
            )
        return audio
