"""FSDP: each process keeps a part of student and teacher and gathers a layer where it is used."""

from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.optim import OptimWrapper
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import distribute_tensor
from torch.optim import Optimizer

from mmavssl.models.backbones import ASTEncoder, TimeSformer
from mmavssl.models.recognizers import AVRecognizer
from mmavssl.registry import MODEL_WRAPPERS
from mmavssl.utils.errors import ConfigError

DIVISIBLE = (TimeSformer, ASTEncoder)


@MODEL_WRAPPERS.register_module()
class ShardedDataParallel(nn.Module):
    """An MMEngine model wrapper around PyTorch's ``fully_shard`` (FSDP 2).

    Each layer of the student and of the teacher (an element of a list of layers) is a unit, and
    what remains of a network is one more. Both networks are divided alike, so that the teacher
    follows the student part by part. All else (localizer, threshold) is whole in each process.

    Networks are divided when training begins, by `ShardedStateHook`: they are initialized, loaded
    and resumed whole, and MMEngine's Runner does that as always. Gradients are reduced in each
    iteration, also in those that only accumulate: whole ones would take the memory that is saved.

    Args:
        module: the algorithm, with ``networks``.
        reshard_after_forward: give a layer's parameters back between forward and backward pass.
    """

    def __init__(self, module: nn.Module, reshard_after_forward: bool = True) -> None:
        super().__init__()
        self.module = module
        self.reshard_after_forward = reshard_after_forward

    def shard(self, optimizer: Optimizer) -> None:
        """Divide the networks, and with them the state of the optimizer.

        Raises:
            ConfigError: a network that cannot be divided.
        """
        device = next(self.module.parameters()).device.type
        mesh = init_device_mesh(device, (get_world_size(),))
        options = {'mesh': mesh, 'reshard_after_forward': self.reshard_after_forward}
        for network in self.module.networks.values():
            check_divisible(network)
            whole = dict(network.named_parameters())
            for layer in layers_of(network):
                fully_shard(layer, **options)
            fully_shard(network, **options)
            parts = dict(network.named_parameters())
            replace_parameters(optimizer, {whole[name]: parts[name] for name in whole})

    def train_step(self, data: dict, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """Make an iteration, as MMEngine's models do."""
        with optim_wrapper.optim_context(self):
            data = self.module.data_preprocessor(data, training=True)
            losses = self.module(**data, mode='loss')
        loss, log = self.module.parse_losses(losses)
        optim_wrapper.update_params(loss)
        return log

    def val_step(self, data: dict) -> list:
        """Predict; all processes must have equally many batches."""
        return self.module.val_step(data)

    def test_step(self, data: dict) -> list:
        """Predict; all processes must have equally many batches."""
        return self.module.test_step(data)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the algorithm."""
        return self.module(*args, **kwargs)


def check_divisible(network: nn.Module) -> None:
    """Raise if a network has other layers than those of transformers.

    Parts are gathered where a layer is called as a module; convolutional backbones and students of
    several networks call inner layers by themselves.

    Raises:
        ConfigError: says which.
    """
    backbones = [getattr(network, name, None) for name in ('backbone', 'audio_backbone')]
    others = [
        type(part).__name__
        for part, kinds in ((network, AVRecognizer), *((b, DIVISIBLE) for b in backbones if b))
        if not isinstance(part, kinds)
    ]
    if others:
        raise ConfigError(
            f'ShardedDataParallel (FSDP) divides transformers; {", ".join(others)} cannot be '
            'divided. Take `model_wrapper_cfg` out; these networks are small.'
        )


def layers_of(network: nn.Module) -> list[nn.Module]:
    """Return the elements of a network's lists of layers that have parameters."""
    return [
        layer
        for part in network.modules()
        if isinstance(part, nn.ModuleList | nn.Sequential)
        for layer in part
        if any(True for _ in layer.parameters())
    ]


def replace_parameters(optimizer: Optimizer, parts: dict[Tensor, Tensor]) -> None:
    """Let an optimizer, with the state that it has, step parts in the place of parameters.

    Args:
        optimizer: changed in place.
        parts: by the whole parameter.
    """
    for group in optimizer.param_groups:
        group['params'] = [parts.get(param, param) for param in group['params']]
    for whole in [param for param in optimizer.state if param in parts]:
        part, state = parts[whole], optimizer.state.pop(whole)
        optimizer.state[part] = {
            name: distribute_tensor(value, part.device_mesh, part.placements)
            if torch.is_tensor(value) and value.shape == whole.shape and value.dim()
            else value
            for name, value in state.items()
        }
