"""What a data loading worker does first."""

import random

import cv2
import numpy as np
import torch
from mmengine.dist import get_rank

from mmavssl.registry import FUNCTIONS
from mmavssl.utils.random import stable_seed


@FUNCTIONS.register_module()
def av_worker_init_fn(worker_id: int) -> None:
    """Keep a worker to one thread and seed it.

    The random numbers of samples follow from their draw (see `AVDataset`); the seed is for what a
    third-party data set draws itself. It follows from the rank and from torch's seed of the
    worker, which is another one for each worker and whenever workers are started; a resumed run
    starts them once more, so such a data set draws other numbers there.

    Args:
        worker_id: number of the worker, given by torch; already in torch's seed.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    worker_seed = stable_seed(torch.initial_seed(), get_rank())
    random.seed(worker_seed)
    np.random.seed(worker_seed % 2**32)
    torch.manual_seed(worker_seed)
