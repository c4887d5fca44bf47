"""One training iteration of every config at its own size, on a CPU.

As tests/test_steps.py, but nothing is smaller than in the config; and a clip is mixed with itself.
All of it takes 31 minutes of CPU time and 8 GB.
"""

import gc

import pytest

from tests.test_configs import SHIPPED, load
from tests.test_steps import check_step, clips_root, one_process, step  # noqa: F401

#: Of each source; those with batch norms and contrasts need two.
ONE = ('SupervisedRecognizer', 'SemiSupervisedRecognizer', 'CrossModalRecognizer')


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize('path', SHIPPED)
def test_one_iteration(path, clips_root, one_process):  # noqa: F811
    cfg = load(path)
    gc.collect()
    clips = 1 if cfg.model.type in ONE else 2
    clips = dict.fromkeys(('labeled', 'unlabeled'), clips)
    check_step(cfg, step(cfg, clips_root, clips, small=False))
