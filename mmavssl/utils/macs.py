"""Count the multiply-adds of a network, on torch's meta device if wanted.

Two conventions: `count_by_module` as the paper's figures (and the widespread ``thop`` counter) are
counted, `count_all` for what is really computed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.utils.flop_counter import FlopCounterMode

NORM_OPS_PER_ELEMENT = 4
Rule = Callable[[nn.Module, Tensor, Tensor], int]


def conv_macs(module: nn.Module, x: Tensor, y: Tensor) -> int:
    """Count kernel size times channels in (per group) for each output element; bias is free."""
    return y.numel() * module.weight[0].numel()


def linear_macs(module: nn.Module, x: Tensor, y: Tensor) -> int:
    """Count the inputs for each output element; bias is free."""
    return y.numel() * module.in_features


def norm_macs(module: nn.Module, x: Tensor, y: Tensor) -> int:
    """Count four operations per element (subtract, divide, scale, shift), two without affine."""
    has_affine = module.weight is not None
    return x.numel() * (NORM_OPS_PER_ELEMENT if has_affine else NORM_OPS_PER_ELEMENT // 2)


def adaptive_pool_macs(module: nn.Module, x: Tensor, y: Tensor) -> int:
    """Count the additions of each window and one division per output element.

    A window is taken to have input / output elements along each side, rounded down.
    """
    window = 1
    for size_in, size_out in zip(x.shape[2:], y.shape[2:], strict=True):
        window *= size_in // size_out
    return y.numel() * (window + 1)


#: The paper's convention. Any module that is not listed is free: activations, max pooling,
#: attention products, and whatever else is a function rather than a module.
MAC_RULES: dict[type[nn.Module], Rule] = {
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), conv_macs),
    nn.Linear: linear_macs,
    **dict.fromkeys(
        (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm), norm_macs
    ),
    **dict.fromkeys(
        (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), adaptive_pool_macs
    ),
}


def count_by_module(network: nn.Module, *inputs: Tensor) -> dict[str, int]:
    """Run ``network(*inputs)`` and count its multiply-adds by `MAC_RULES`.

    Returns:
        ``{name of the module: multiply-adds}`` for the modules that have a rule and were called.
    """
    counts: dict[str, int] = {}

    def watch(name: str, rule: Rule) -> Callable:
        def add(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            counts[name] = counts.get(name, 0) + rule(module, args[0], output)

        return add

    handles = [
        module.register_forward_hook(watch(name, MAC_RULES[type(module)]))
        for name, module in network.named_modules()
        if type(module) in MAC_RULES
    ]
    try:
        network(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return counts


def count_all(network: nn.Module, *inputs: Tensor) -> dict[str, int]:
    """Run ``network(*inputs)`` and count all its multiply-adds, also those of attention.

    Torch's own counter: convolutions and products of matrices; norms and activations are free.

    Returns:
        ``{name of the direct child: multiply-adds}``, and under ``''`` those outside of children.
    """
    with FlopCounterMode(display=False) as counter:
        network(*inputs)
    flops = counter.get_flop_counts()
    counts = {
        name: sum(flops.get(f'{type(network).__name__}.{name}', {}).values()) // 2
        for name, _ in network.named_children()
    }
    counts[''] = counter.get_total_flops() // 2 - sum(counts.values())
    return counts


@contextmanager
def shapes_only() -> Iterator[None]:
    """Let the parameters of modules that are built inside have a shape, but no memory or values.

    Other tensors stay, since constructors compute with them (rates, tables).
    """

    def to_meta(
        module: nn.Module, name: str, parameter: nn.Parameter | None
    ) -> nn.Parameter | None:
        if parameter is None or parameter.is_meta:
            return None  # None lets the module register what it was given
        return nn.Parameter(parameter.to('meta'), requires_grad=parameter.requires_grad)

    handle = register_module_parameter_registration_hook(to_meta)
    try:
        yield
    finally:
        handle.remove()
