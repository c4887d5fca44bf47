"""Mix the clips of a view, guided by their sound where the masker wants it."""

from collections.abc import Mapping

from torch import Tensor, nn

from mmavssl.models.localizers.audio_input import localizer_audio
from mmavssl.models.mixers.base import MixResult


def mix_view(
    mixer: nn.Module,
    preprocessor: nn.Module,
    view: Mapping[str, Tensor],
    partner: Tensor,
    drop_partner: bool = True,
) -> MixResult:
    """Mix every clip of a view with its partner, as training does.

    Args:
        mixer: a `BaseMixer`.
        preprocessor: of the view, with `unnormalize`, which localizing needs.
        view: ``video`` (B, C, T, H, W), normalized, and its sound; ``full_video`` is the one
            before colours were dropped, where some were.
        partner: (B,) long, index of each clip's partner.
        drop_partner: partners have lost their colours, too.

    Raises:
        ConfigError: the view has not what the localizer hears.
    """
    full_video = view.get('full_video', view['video'])
    guide = {}
    if not drop_partner:
        guide['others'] = full_video
    if mixer.needs_localization:
        frames = preprocessor.unnormalize(full_video)
        guide['frames'] = frames.transpose(1, 2)
        guide['audio_clean'] = localizer_audio(view, mixer.audio_input)
    return mixer(view['video'], view.get('audio'), partner, **guide)
