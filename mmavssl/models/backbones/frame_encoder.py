"""Any image network of timm as a video backbone: each frame on its own, then their mean."""

from difflib import get_close_matches
from functools import partial

import timm
from einops import rearrange
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmavssl.models.backbones.weights import take_network
from mmavssl.models.utils.memory_format import fast_layout
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.registry import BACKBONES
from mmavssl.utils.errors import ConfigError

#: Arguments of `timm.create_model` that are not the user's to set.
FIXED_ARGS = ('pretrained', 'checkpoint_path', 'num_classes', 'in_chans', 'features_only')


@BACKBONES.register_module()
class TimmFrameEncoder(BaseModule):
    """Mean over time of the pooled features that an image network of timm gives of each frame.

    The order of the frames makes no difference. Frames have to be normalized by the mean and
    standard deviation that the weights were trained with, which for some are not ImageNet's:
    ``timm.get_pretrained_cfg(name)`` tells.

    ``sync_bn`` of the Runner's config is for networks with plain BatchNorm layers, such as the
    ResNets; PyTorch's conversion drops the activation that EfficientNets and others have in the
    same layer.

    Args:
        name: of a network that timm knows, such as ``resnet18`` or ``vit_small_patch16_224``.
        frozen: keep the network in eval mode and without gradients; a head on top still trains.
        norm_eval: keep its BatchNorm layers in eval mode while their weights train, as is usual
            with few labels.
        timm_args: further arguments of `timm.create_model`, such as ``img_size`` or
            ``drop_path_rate``.
        init_cfg: ``dict(type='Pretrained', checkpoint=...)`` loads a file of this network or
            ``timm://NAME``, strictly but for its classifier.

    Raises:
        ConfigError: timm has no such network, or ``timm_args`` sets what is set here.
    """

    def __init__(
        self,
        name: str,
        frozen: bool = False,
        norm_eval: bool = False,
        timm_args: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.frozen = frozen
        self.norm_eval = norm_eval
        self.network = create_network(name, timm_args or {})
        self.embed_dims = pooled_width(self.network)
        if frozen:
            self.network.requires_grad_(False)
        self.train()

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            adapt = partial(take_network, heads=classifier_names(self.network), inside='network.')
            load_pretrained(self, self.init_cfg, adapt)
        self.is_init = True

    def train(self, mode: bool = True) -> 'TimmFrameEncoder':
        """Set the training mode of all but what is frozen, which stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        elif self.norm_eval:
            for module in self.network.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def forward(self, clip: Tensor) -> Tensor:
        """Return the feature (B, D) of a clip (B, 3, T, H, W)."""
        frames = rearrange(clip, 'b c t h w -> (b t) c h w')
        features = self.network(fast_layout(frames))
        return features.unflatten(0, (-1, clip.shape[2])).mean(dim=1)


def create_network(name: str, timm_args: dict) -> nn.Module:
    """Return a network of timm with random weights, which gives pooled features (N, D).

    Args:
        name: of the network, with or without a tag of weights.
        timm_args: further arguments of `timm.create_model`.

    Raises:
        ConfigError: there is no such network, or an argument that is not the user's to set.
    """
    fixed = sorted(set(timm_args) & set(FIXED_ARGS))
    if fixed:
        raise ConfigError(
            f'TimmFrameEncoder itself sets `{"`, `".join(fixed)}`, so that `timm_args` must not. '
            'Weights are named by `init_cfg`.'
        )
    if not timm.is_model(name):
        raise ConfigError(f'timm has no network {name!r}.{nearest_networks(name)}')
    try:
        return timm.create_model(name, pretrained=False, num_classes=0, **timm_args)
    except RuntimeError as error:  # an unknown tag, after the dot
        raise ConfigError(
            f'timm cannot build {name!r} ({error}).{nearest_networks(name)}'
        ) from error


def nearest_networks(name: str) -> str:
    """Return which names of timm's networks come nearest, as a sentence, or an empty string."""
    known = [*timm.list_models(), *timm.list_models(pretrained=True)]
    nearest = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f' The nearest names: {", ".join(nearest)}.' if nearest else ''


def pooled_width(network: nn.Module) -> int:
    """Return D of a network of timm; some widen their features after the pooling."""
    return getattr(network, 'head_hidden_size', None) or network.num_features


def classifier_names(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the layers that a network of timm has as classifier in its files."""
    names = network.pretrained_cfg.get('classifier') or ()
    return (names,) if isinstance(names, str) else tuple(names)
