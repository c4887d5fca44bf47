"""The head that recognizers of ours and of others share: a linear layer over the features."""

from collections.abc import Sequence

import torch

from mmavssl.models.utils.fit import MisfitError, StateDict, describe_misfit, is_allowed
from mmavssl.models.utils.report import Report
from mmavssl.models.utils.vit_weights import drop_head

PREFIX = 'head.'
HINT = "A backbone without its head is written with --allow 'head.*'"


def take_head(
    state: StateDict, channels: int, report: Report, allow: Sequence[str] = ()
) -> StateDict:
    """Take the head out of a recognizer, in place, and return it.

    Args:
        state: tensors by our names.
        channels: of the backbone's features.
        report: gets what becomes of a head that is not wanted.
        allow: see `settle`; whoever allows that there is none gets none.

    Returns:
        ``head.weight`` (classes, channels) and ``head.bias`` (classes).

    Raises:
        MisfitError: there is none, or another.
    """
    if is_allowed('head.weight', allow):
        drop_head(state, report)
        return {}
    head = {name: state.pop(name) for name in list(state) if name.startswith(PREFIX)}
    if not head:
        raise MisfitError(f'it has no head. {HINT}')
    tensor = head.get('head.weight', head.get('head.bias'))
    num_classes = len(tensor) if tensor is not None and tensor.ndim else 0
    target = {
        'head.weight': torch.empty(num_classes, channels, device='meta'),
        'head.bias': torch.empty(num_classes, device='meta'),
    }
    problem = describe_misfit(head, target)
    if problem:
        raise MisfitError(f'its head does not fit its {channels} channels: {problem}. {HINT}')
    return head


def check_exportable(source: StateDict, owner: str, allow: Sequence[str] = ()) -> None:
    """Raise if the head of a recognizer of ours is no linear layer over the features of video.

    Args:
        source: tensors by the names in the file.
        owner: before the names of the recognizer, such as ``student.``.
        allow: see `settle`.

    Raises:
        MisfitError: a head over video and sound, or one of several layers.
    """
    if is_allowed('head.weight', allow):
        return
    if any(name.startswith(f'{owner}fusion.') for name in source):
        raise MisfitError(f'its head is over the fusion of video and sound. {HINT}')
    linear = {f'{owner}{PREFIX}fc.{kind}' for kind in ('weight', 'bias')}
    others = sorted(
        name.removeprefix(owner)
        for name in source
        if name.startswith(f'{owner}{PREFIX}') and name not in linear
    )
    if others:
        raise MisfitError(f'its head has more than a linear layer: {", ".join(others)}. {HINT}')
