"""What a sharded optimizer says when nothing has gathered its state."""

import torch

from mmavssl.parallel import ZeroRedundancyOptimizer
from mmavssl.utils.errors import CheckpointError


def state_errors() -> list:
    """Return for states asked for before, after and once more after gathering, what came."""
    layer = torch.nn.Linear(4, 4)
    optimizer = ZeroRedundancyOptimizer(layer.parameters(), 'SGD', lr=0.1, momentum=0.9)
    layer(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    results = []
    for gather in (False, True, False):
        if gather:
            optimizer.consolidate_state_dict()
        try:
            results.append(len(optimizer.state_dict()['state']))
        except CheckpointError as error:
            results.append(str(error))
    return results
