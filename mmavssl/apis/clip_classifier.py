"""A recognizer as deployed: with its normalization and the weights of a checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmavssl.models.data_preprocessors.build import build_preprocessor
from mmavssl.models.utils.fit import describe_misfit
from mmavssl.registry import MODELS
from mmavssl.utils.checkpoints import read_checkpoint, state_dict_of
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.published_weights import published_network
from mmavssl.utils.roles import ROLES
from mmavssl.version import __version__


class ClipClassifier(nn.Module):
    """A recognizer as deployed: frames and sound of clips in, class probabilities out.

    Args:
        preprocessor: whose ``normalize`` the recognizer was trained with.
        recognizer: called with normalized frames and log-mels.

    Raises:
        ConfigError: a preprocessor without ``normalize``.
    """

    def __init__(self, preprocessor: nn.Module, recognizer: nn.Module) -> None:
        super().__init__()
        if not hasattr(preprocessor, 'normalize'):
            raise ConfigError(
                f'`model.data_preprocessor` {type(preprocessor).__name__} has no `normalize`, '
                'which turns uint8 frames into what the recognizer gets.'
            )
        self.preprocessor = preprocessor
        self.recognizer = recognizer

    @property
    def hears(self) -> bool:
        """Whether the recognizer needs sound."""
        return getattr(self.recognizer, 'audio_backbone', None) is not None

    def forward(self, video: Tensor, audio: Tensor | None = None) -> Tensor:
        """Return probabilities (B, C).

        Args:
            video: uint8 (B, 3, T, H, W), RGB.
            audio: log-mel (B, T_a, F) as `LogMel` gives it.
        """
        logits = self.recognizer(self.preprocessor.normalize(video), audio).logits
        return logits.float().softmax(dim=-1)


def load_classifier(
    cfg: Config, checkpoint: str | Path, role: str
) -> tuple[ClipClassifier, dict[str, Any]]:
    """Build the recognizer in eval mode, with exactly the tensors that the checkpoint has for it.

    Args:
        cfg: the config.
        checkpoint: of tools/train.py.
        role: ``student`` or ``teacher``.

    Returns:
        The recognizer with its preprocessor, and where it comes from.

    Raises:
        ConfigError: no recognizer in the config, none of this role in the checkpoint, or another.
    """
    if not cfg.get('model', {}).get('student'):
        name = cfg.filename or 'The config'
        raise ConfigError(f'{name} has no `model.student`: there is nothing to export.')
    held = published_network(str(checkpoint))
    if held not in (None, role):
        raise ConfigError(f'{checkpoint} has no network `{role}`. Use the {held}.')
    content = read_checkpoint(str(checkpoint))
    tensors = network_tensors(state_dict_of(content, str(checkpoint)), role, checkpoint)
    recognizer = MODELS.build(cfg.model.student)
    problem = describe_misfit(tensors, recognizer.state_dict())
    if problem:
        raise ConfigError(f'The {role} in {checkpoint} does not fit the config: {problem}.')
    recognizer.load_state_dict(tensors)
    preprocessor = build_preprocessor(cfg.model.get('data_preprocessor'))
    model = ClipClassifier(preprocessor, recognizer).eval().requires_grad_(False)
    config = Path(cfg.filename or '')  # none where it is the checkpoint's own
    facts = {
        'mmavssl_version': __version__,
        'torch_version': torch.__version__,
        'config': f'{config.parent.name}/{config.name}' if cfg.filename else None,
        'checkpoint': Path(checkpoint).name,
        'epoch': (content.get('meta') or {}).get('epoch'),
        'network': role,
    }
    return model, facts


def network_tensors(state: Mapping, role: str, checkpoint: str | Path) -> dict[str, Tensor]:
    """Return the tensors of one network, without its prefix.

    Raises:
        ConfigError: there are none.
    """
    prefix = f'{role}.'
    tensors = {
        name.removeprefix(prefix): value
        for name, value in state.items()
        if name.startswith(prefix)
    }
    if tensors:
        return tensors
    parts = {name.split('.')[0] for name in state}
    others = [network for network in ROLES if network in parts]
    advice = f'Use the {others[0]}.' if others else f'It has {", ".join(sorted(parts)[:5])}.'
    raise ConfigError(f'{checkpoint} has no network `{role}`. {advice}')
