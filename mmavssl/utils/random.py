"""Random numbers that follow from a key."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def stable_seed(*key: int | str) -> int:
    """Return a 63-bit seed that depends on the key alone (not on the process, unlike ``hash``).

    >>> stable_seed(0, 'weak', 3) == stable_seed(0, 'weak', 3)
    True
    """
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, 'little') >> 1


@contextmanager
def isolated_rng(*key: int | str) -> Iterator[None]:
    """Seed Python's, NumPy's and torch's CPU generators from ``key`` and restore them afterwards.

    Code inside may use the global generators, as library transforms do, and still be reproducible;
    code outside does not notice.
    """
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    seed = stable_seed(*key)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.random.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
