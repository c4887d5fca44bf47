"""Weights that convolutional and timm's backbones start from."""

from collections.abc import Sequence

from torch import nn

from mmavssl.models.utils.fit import StateDict
from mmavssl.models.utils.layouts.find import without_parallel_prefix
from mmavssl.models.utils.report import Report

#: Classifier of torchvision's ResNets.
RESNET_HEADS = ('fc',)
#: Counter of a BatchNorm with a fixed momentum, which nothing reads; old files lack it.
COUNTER = 'num_batches_tracked'


def take_network(
    source: StateDict,
    model: nn.Module,
    report: Report,
    *,
    heads: Sequence[str] = RESNET_HEADS,
    inside: str = '',
) -> StateDict:
    """Return the tensors of a network as a backbone has them, without its classifier.

    Args:
        source: tensors by the names of the network, or by those of the backbone itself.
        model: the backbone.
        report: gets what became of each.
        heads: names of the classifier's layers, which are dropped.
        inside: what the names of the network begin with in the backbone, such as ``trunk.``.
    """
    tensors = without_parallel_prefix(source)
    prefix = '' if all(name.startswith(inside) for name in tensors) else inside
    state = {}
    for name, tensor in tensors.items():
        head = next((head for head in heads if name.startswith(f'{head}.')), None)
        if head is not None:
            report.drop(name, f'{head}.*')
            continue
        state[prefix + name] = tensor
        report.take(prefix + name, (name,))
    for name in model.state_dict():
        if name.endswith(COUNTER) and name not in state:
            report.leave(name)
    return state


def sum_rgb(state: StateDict, kernel: str, report: Report) -> None:
    """Make a kernel over RGB one over a single channel, in place, as AST's code does.

    The sum is what three equal channels would give.

    Args:
        state: tensors by the names of the backbone.
        kernel: name of the first convolution's weight.
        report: gets what was done.
    """
    weight = state.get(kernel)
    if weight is not None and weight.ndim == 4 and weight.shape[1] == 3:
        state[kernel] = weight.sum(dim=1, keepdim=True)
        report.change(kernel, 'summed over RGB')
