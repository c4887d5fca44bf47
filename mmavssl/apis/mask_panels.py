"""What masks and mixes do to clips, as panels to draw."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor

from mmavssl.apis.localizer_weights import give_weights
from mmavssl.models.data_preprocessors.build import build_preprocessor
from mmavssl.models.maskers import TubeToken
from mmavssl.models.mixers.base import MixResult
from mmavssl.models.mixers.mix_view import mix_view
from mmavssl.registry import MIXERS
from mmavssl.visualization.mask_figure import ClipPanel


class MaskPanels:
    """Mixes clips as a config says, and makes what is drawn of each.

    Args:
        cfg: with a mixer that has a masker, whose localizer is loaded here.
        saved: the localizer's tensors in the checkpoint of the run, see `give_weights`.

    Raises:
        ConfigError: the localizer's weights are not there, do not fit, or are not named.
    """

    def __init__(self, cfg: Config, saved: Mapping[str, Tensor] | None = None) -> None:
        self.preprocessor = build_preprocessor(cfg.model.get('data_preprocessor'))
        self.mixer = MIXERS.build(cfg.model.mixer).eval()
        localizer = getattr(self.mixer.masker, 'localizer', None)
        if localizer is not None:
            give_weights(localizer, saved or {})

    @torch.no_grad()
    def __call__(
        self, samples: Sequence[dict], partners: Sequence[int | None], seed: int
    ) -> list[ClipPanel]:
        """Return the panels.

        Args:
            samples: clips of one view, see `load_test_clips`.
            partners: whom the first of them are mixed with; these have panels.
            seed: of the masks.
        """
        preprocessor, mixer = self.preprocessor, self.mixer
        view = self._join([sample['inputs'] for sample in samples])
        partner = torch.arange(len(samples))
        for index, other in enumerate(partners):
            partner[index] = index if other is None else other
        with torch.random.fork_rng(devices=[]):  # the caller's numbers stay as they are
            torch.manual_seed(seed)
            mixed = mix_view(mixer, preprocessor, view, partner)
            tube = TubeToken()(mixed.ratio, mixer.token_grid(view['video'])).mask
        pictures = (preprocessor.unnormalize(mixed.video) * 255).round().byte()
        return [
            _panel(samples[index], index, mixed, tube, None if other is None else pictures)
            for index, other in enumerate(partners)
        ]

    def _join(self, views: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """Return as one, with normalized frames, what the mixer takes of views of one clip."""
        names = ['video', 'audio', 'audio_clean']
        if self.mixer.needs_localization:
            names.append(self.mixer.audio_input)
        known = [name for name in names if all(name in view for view in views)]
        joined = {name: torch.cat([view[name] for view in views]) for name in known}
        return {**joined, 'video': self.preprocessor.normalize(joined['video'])}


def mask_panels(
    cfg: Config,
    samples: Sequence[dict],
    partners: Sequence[int | None],
    seed: int,
    saved: Mapping[str, Tensor] | None = None,
) -> list[ClipPanel]:
    """Mix clips once and return what is drawn of each; arguments as of `MaskPanels`."""
    return MaskPanels(cfg, saved)(samples, partners, seed)


def _panel(
    sample: dict, index: int, mixed: MixResult, tube: Tensor, pictures: Tensor | None
) -> ClipPanel:
    name, ratio = Path(sample['data_samples'].video_path).name, float(mixed.ratio[index])
    mix = f'kept {ratio:.2f}' if pictures is None else f'mixed {ratio:.2f} : {1 - ratio:.2f}'
    return ClipPanel(
        frames=sample['inputs']['video'][0].permute(1, 2, 3, 0).numpy(),
        title=f'{name}, {mix}',
        heatmap=None if mixed.heatmap is None else mixed.heatmap[index].numpy(),
        masks={'guided mask': mixed.mask[index].numpy(), 'tube mask': tube[index].numpy()},
        mixed=None if pictures is None else pictures[index].permute(1, 2, 3, 0).numpy(),
    )
