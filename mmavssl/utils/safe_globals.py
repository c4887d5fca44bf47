"""Plain objects that published checkpoints hold besides tensors, and that run no code."""

import argparse
from collections import OrderedDict
from contextlib import AbstractContextManager

import numpy as np
import torch

NUMPY_SCALARS = (np.float64, np.float32, np.float16, np.int64, np.int32, np.bool_)
#: Configs of yacs, which need not be installed: they are dictionaries, and are read as such.
YACS_CONFIGS = ('yacs.config.CfgNode', 'fvcore.common.config.CfgNode')


def plain_objects_allowed() -> AbstractContextManager:
    """Let ``torch.load(weights_only=True)`` read these objects while in the context.

    NumPy's scalars (FNAC's best cIoU; NumPy 1 and 2 name the function that makes them
    differently), the arguments of MAE's and VideoMAE's command lines, and yacs configs. To make
    one of them runs no code of the file.
    """
    make_scalar = np.float64(0).__reduce__()[0]
    names = ('numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar')
    return torch.serialization.safe_globals(
        [
            *((make_scalar, name) for name in names),
            np.dtype,
            *(type(np.dtype(scalar)) for scalar in NUMPY_SCALARS),
            argparse.Namespace,
            *((OrderedDict, name) for name in YACS_CONFIGS),
        ]
    )
