"""What a data loading worker does first."""

import ctypes
import gc
import random

import cv2
import numpy as np
import torch
from mmengine.dist import get_rank

from mmavssl.registry import FUNCTIONS
from mmavssl.utils.random import stable_seed

# Numbers of glibc's settings, and their values: from this size on (bytes) memory is asked of the
# system piece by piece; so much free memory at the end of the heap is kept.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
PIECE, KEPT = 32 * 2**20, 256 * 2**20


@FUNCTIONS.register_module()
def av_worker_init_fn(worker_id: int) -> None:
    """Keep a worker to one thread and to the memory that it has, and seed it.

    The random numbers of samples follow from their draw (see `AVDataset`); the seed is for what a
    third-party data set draws itself. It follows from the rank and from torch's seed of the
    worker, which is another one for each worker and whenever workers are started; a resumed run
    starts them once more, so such a data set draws other numbers there.

    Args:
        worker_id: number of the worker, given by torch; already in torch's seed.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    keep_freed_memory()
    # What the main process has made need not be looked through, nor must it be freed here: a codec
    # would wait for ever for its threads, which are there alone.
    gc.freeze()
    worker_seed = stable_seed(torch.initial_seed(), get_rank())
    random.seed(worker_seed)
    np.random.seed(worker_seed % 2**32)
    torch.manual_seed(worker_seed)


def keep_freed_memory() -> None:
    """Use the memory of one sample again for the next one.

    Frames are large enough for the C library to hand their memory back to the system at once, and
    to get new pages, filled with zeros, for the next sample: a fifth of the time of loading where
    the pipeline is fast. Only glibc has these settings.
    """
    settings = getattr(ctypes.CDLL(None), 'mallopt', None)
    if settings is not None:
        settings(M_MMAP_THRESHOLD, PIECE)
        settings(M_TRIM_THRESHOLD, KEPT)
