import ast
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.models.localizers import FNACLocalizer

FIXTURE = Path(__file__).parents[2] / 'data' / 'parity_fnac.npz'


def formula_tensor(name, shape):
    """The weight that the fixture's network had under this official name."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith('num_batches_tracked'):
        return torch.tensor(1)
    if name.endswith('running_var') or (name.endswith('weight') and len(shape) == 1):
        values = rng.uniform(0.5, 1.5, shape)
    elif name.endswith('running_mean') or (name.endswith('bias') and len(shape) == 1):
        values = 0.1 * rng.standard_normal(shape)
    else:
        values = np.sqrt(2 / np.prod(shape[1:])) * rng.standard_normal(shape)
    return torch.from_numpy(np.float32(values))


@pytest.fixture(scope='session')
def parity():
    with np.load(FIXTURE) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope='session')
def official_state(parity):
    return {
        str(name): formula_tensor(str(name), ast.literal_eval(str(shape)))
        for name, shape in zip(parity['keys'], parity['shapes'], strict=True)
    }


@pytest.fixture(scope='session')
def official_net(official_state):
    """The network with the fixture's weights, in float64 like the fixture."""
    localizer = FNACLocalizer(audio_input='spectrogram')
    localizer.load_state_dict(official_state)
    return localizer.double().eval().requires_grad_(False)
