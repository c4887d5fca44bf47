"""Names of EfficientNet-Lite's published weights, and timm's."""

import re
from collections.abc import Mapping

import timm
from torch import Tensor

from mmavssl.models.utils.fit import MisfitError

#: The weights are TensorFlow's, whose padding and norms timm keeps under ``tf_``.
NETWORK = 'tf_efficientnet_lite{}'
OUTSIDE = {
    '_conv_stem': 'conv_stem', '_bn0': 'bn1', '_conv_head': 'conv_head', '_bn1': 'bn2',
    '_fc': 'classifier',
}  # fmt: skip
#: Layers of a block with an expansion; the first block of the network has none.
EXPANDED = {
    '_expand_conv': 'conv_pw', '_bn0': 'bn1', '_depthwise_conv': 'conv_dw', '_bn1': 'bn2',
    '_project_conv': 'conv_pwl', '_bn2': 'bn3',
}  # fmt: skip
PLAIN = {'_depthwise_conv': 'conv_dw', '_bn1': 'bn1', '_project_conv': 'conv_pw', '_bn2': 'bn2'}
BLOCK = re.compile(r'_blocks\.(\d+)\.(\w+)\.(\w+)')


def to_timm(tensors: Mapping[str, Tensor], variant: int = 0) -> dict[str, Tensor]:
    """Return the tensors of ``efficientnet_lite_pytorch`` by the names of timm.

    The network is timm's ``tf_efficientnet_lite<variant>``; the one without ``tf_`` has the same
    names, but pads otherwise.

    Args:
        tensors: by their published names, with the classifier.
        variant: 0 to 4.

    Raises:
        MisfitError: a tensor that is unknown, missing, or of another shape.
    """
    network = NETWORK.format(variant)
    expected = timm.create_model(network).state_dict()
    places = block_places(expected)
    expanded = {match[1] for name in tensors if (match := BLOCK.match(name)) and 'expand' in name}
    renamed = {timm_name(name, places, expanded): tensor for name, tensor in tensors.items()}
    for name in sorted(renamed.keys() ^ expected.keys()):
        raise MisfitError(
            f'{name} is {"missing" if name in expected else f"not in {network}"}; does '
            '`--variant` say the right network?'
        )
    for name, tensor in renamed.items():
        if tensor.shape != expected[name].shape:
            raise MisfitError(
                f'{name} is {tuple(tensor.shape)}, but {tuple(expected[name].shape)} in {network}'
            )
    return renamed


def block_places(names: Mapping[str, Tensor]) -> list[str]:
    """Return the names of timm's blocks, stage by stage, in order."""
    found = {match[0] for name in names if (match := re.match(r'blocks\.\d+\.\d+', name))}
    return sorted(found, key=lambda name: [int(part) for part in name.split('.')[1:]])


def timm_name(name: str, places: list[str], expanded: set[str]) -> str:
    """Return timm's name of a tensor.

    Raises:
        MisfitError: no such tensor.
    """
    match = BLOCK.fullmatch(name)
    if match:
        number, layer, value = match.groups()
        layers = EXPANDED if number in expanded else PLAIN
        if int(number) < len(places) and layer in layers:
            return f'{places[int(number)]}.{layers[layer]}.{value}'
    layer, _, value = name.partition('.')
    if layer in OUTSIDE:
        return f'{OUTSIDE[layer]}.{value}'
    raise MisfitError(f'{name} is no tensor of an EfficientNet-Lite of this size')
