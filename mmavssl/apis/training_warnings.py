"""What somebody should know of a run, as its results might mean less than they seem."""

from mmengine.config import Config
from torch import nn

from mmavssl.apis.model_front import LOCALIZER_KEY, is_untrained
from mmavssl.datasets.config_gaps import describe_gaps
from mmavssl.datasets.config_leaks import describe_leaks
from mmavssl.models.maskers.map_weights import DegenerateMapLog
from mmavssl.models.thresholds import FlexThreshold
from mmavssl.utils.checkpoints import parameter_shapes


def training_warnings(cfg: Config, model: nn.Module) -> list[str]:
    """Return a line for each thing that is known before a run trains, with its remedy.

    Args:
        cfg: of the run.
        model: as built from it.
    """
    found = (untrained_localizer(cfg, model), only_warmup(cfg, model), describe_gaps(cfg))
    return [text for text in found if text] + describe_leaks(cfg)


def closing_warnings(model: nn.Module) -> list[str]:
    """Return a line for each thing that is known once a model was trained.

    Args:
        model: that was trained; every process calls this, as they count together.
    """
    kinds = (DegenerateMapLog, FlexThreshold)
    logs = [module for module in model.modules() if isinstance(module, kinds)]
    return [text for text in (log.conclusion() for log in logs) if text]


def only_warmup(cfg: Config, model: nn.Module) -> str | None:
    """Return what to say of a run that ends before its unlabeled clips come in."""
    epochs = (cfg.get('train_cfg') or {}).get('max_epochs')
    warmup = getattr(model, 'warmup_epochs', 0)
    if epochs is None or warmup < epochs:
        return None
    return (
        f'All {epochs} epochs (`train_cfg.max_epochs`) are warm-up (`model.warmup_epochs`='
        f'{warmup}): only labeled clips are trained on. Set model.warmup_epochs=0, or more epochs.'
    )


def untrained_localizer(cfg: Config, model: nn.Module) -> str | None:
    """Return what to say of a frozen localizer that gets its weights from nowhere."""
    masker = getattr(getattr(model, 'mixer', None), 'masker', None)
    localizer = getattr(masker, 'localizer', None)
    if localizer is None or not is_untrained(localizer):
        return None
    prefix = f'{LOCALIZER_KEY.removeprefix("model.")}.'
    if cfg.get('load_from') and any(
        name.startswith(prefix) for name in parameter_shapes(cfg.load_from)
    ):
        return None
    command = (cfg.get('prepare_commands') or {}).get('localizer')
    return (
        f'`{LOCALIZER_KEY}` is a {type(localizer).__name__} without weights: it is not trained '
        'here, and no checkpoint has them, so that its maps, and the masks that they guide, are '
        f'those of random numbers. Name its checkpoint: {LOCALIZER_KEY}.init_cfg='
        "dict(type='Pretrained', checkpoint=...)."
        + (f' To make it: {command}' if command else '')
    )
