"""Several views through one network in one batch."""

import torch
from torch import Tensor, nn

from mmavssl.models.recognizers.av_recognizer import RecognizerOutput


def forward_views(network: nn.Module, views: list[dict[str, Tensor]]) -> list[RecognizerOutput]:
    """Run a recognizer once on all views; return its output by view.

    The same as one after the other where no layer mixes samples of a batch. Batch norms in
    training mode do: they see all views together, as in the released code of FixMatch.

    Args:
        network: recognizer of video, or of video and sound.
        views: ``{'video': (B, C, T, H, W), 'audio': (B, T_a, F)}``, of equal shapes but for B.
    """
    sizes = [len(view['video']) for view in views]
    audio = [view.get('audio') for view in views]
    output = network(
        torch.cat([view['video'] for view in views]),
        None if audio[0] is None else torch.cat(audio),
    )
    parts = [[None] * len(sizes) if field is None else field.split(sizes) for field in output]
    return [RecognizerOutput(*fields) for fields in zip(*parts, strict=True)]
