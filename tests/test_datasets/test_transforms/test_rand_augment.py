import subprocess
import sys

import numpy as np
import pytest

from mmavssl.datasets.transforms import RandAugment
from mmavssl.utils.random import isolated_rng


def noise():
    return np.random.RandomState(0).randint(0, 255, (1, 32, 32, 3), np.uint8).repeat(4, axis=0)


def augment(imgs, seed, **kwargs):
    with isolated_rng(seed):
        return RandAugment(**kwargs)({'imgs': imgs})['imgs']


def test_all_frames_are_treated_alike_and_the_seed_decides():
    imgs, outputs = noise(), []
    for seed in range(8):
        out = augment(imgs, seed)
        np.testing.assert_array_equal(out, augment(imgs, seed))
        assert (out.dtype, out.shape) == (np.uint8, imgs.shape)
        assert (out == out[:1]).all()
        outputs.append(out)
    assert sum(not np.array_equal(out, imgs) for out in outputs) >= 4
    np.testing.assert_array_equal(imgs, noise())


def test_signs_are_drawn_for_each_clip():
    """Not once with the pipeline, as in LTG's code: 14 operations would have 14 results."""
    imgs = noise()[:, :16, :16]
    with isolated_rng(0):
        transform = RandAugment(num_ops=1)
        results = {transform({'imgs': imgs})['imgs'].tobytes() for _ in range(200)}
    assert len(results) > 14


def test_no_operation_changes_nothing_and_magnitude_is_the_strength():
    np.testing.assert_array_equal(augment(noise(), 0, num_ops=0), noise())
    change = [
        np.mean(
            [np.abs(augment(noise(), s, magnitude=m).astype(int) - noise()) for s in range(20)]
        )
        for m in (2, 28)
    ]
    assert change[0] < change[1]


def test_bad_arguments():
    with pytest.raises(ValueError, match='`num_ops` to be at least 0, but got -1'):
        RandAugment(num_ops=-1)
    for magnitude in (-1, 31):
        with pytest.raises(ValueError, match=rf'\[0, 30\], but got {magnitude}'):
            RandAugment(magnitude=magnitude)


def test_who_prepares_data_does_not_wait_for_torchvision():
    code = 'import sys, mmavssl.datasets; assert "torchvision" not in sys.modules'
    subprocess.run([sys.executable, '-c', code], check=True)
