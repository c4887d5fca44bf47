"""What the backbones around an image network of timm share."""

from difflib import get_close_matches

import timm
from mmengine.model import BaseModule
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmavssl.models.backbones.weights import sum_rgb, take_network
from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.pretrained import load_pretrained
from mmavssl.models.utils.report import Report
from mmavssl.utils.errors import ConfigError

#: Arguments of `timm.create_model` that are not the user's to set.
FIXED_ARGS = ('pretrained', 'checkpoint_path', 'num_classes', 'in_chans', 'features_only')


class TimmEncoder(BaseModule):
    """A pooled feature extractor of timm with weights from ``init_cfg``.

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

    #: Channels of the pictures; for a single one, an RGB kernel of a file is summed.
    in_chans = 3

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
        self.network = create_network(name, self.in_chans, timm_args or {})
        self.embed_dims = pooled_width(self.network)
        if frozen:
            self.network.requires_grad_(False)
        self.train()

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names; otherwise keep the initial values."""
        if self.init_cfg and not self.is_init:
            load_pretrained(self, self.init_cfg, adapt_to_timm)
        self.is_init = True

    def train(self, mode: bool = True) -> 'TimmEncoder':
        """Set the training mode of all but what is frozen, which stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.network.eval()
        elif self.norm_eval:
            for module in self.network.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self


def adapt_to_timm(source: StateDict, model: TimmEncoder, report: Report) -> StateDict:
    """Return the tensors of a network of timm, or of ours, as ``model`` has them.

    Args:
        source: tensors by timm's names, or ours.
        model: which gets them.
        report: gets what became of each.
    """
    heads = names_in_cfg(model.network, 'classifier')
    state = take_network(source, model, report, heads=heads, inside='network.')
    if model.in_chans == 1:
        for layer in names_in_cfg(model.network, 'first_conv'):
            sum_rgb(state, f'network.{layer}.weight', report)
    return state


def create_network(name: str, in_chans: int, timm_args: dict) -> nn.Module:
    """Return a network of timm with random weights, which gives pooled features (N, D).

    Args:
        name: of the network, with or without a tag of weights.
        in_chans: channels of the pictures.
        timm_args: further arguments of `timm.create_model`.

    Raises:
        ConfigError: there is no such network, or an argument that is not the user's to set.
    """
    fixed = sorted(set(timm_args) & set(FIXED_ARGS))
    if fixed:
        raise ConfigError(
            f'The encoder itself sets `{"`, `".join(fixed)}`, so that `timm_args` must not. '
            'Weights are named by `init_cfg`.'
        )
    if not timm.is_model(name):
        raise ConfigError(f'timm has no network {name!r}.{nearest_networks(name)}')
    try:
        return timm.create_model(
            name, pretrained=False, num_classes=0, in_chans=in_chans, **timm_args
        )
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


def names_in_cfg(network: nn.Module, key: str) -> tuple[str, ...]:
    """Return the names of the layers under a key of what timm knows of a network's files.

    Args:
        network: of timm.
        key: ``classifier`` or ``first_conv``.
    """
    names = network.pretrained_cfg.get(key) or ()
    return (names,) if isinstance(names, str) else tuple(names)
