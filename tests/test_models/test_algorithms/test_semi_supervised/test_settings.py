"""Settings that do not fit are errors."""

import pytest

from mmavssl.utils.errors import ConfigError
from tests.test_models.test_algorithms.test_semi_supervised.toys import build
from tests.test_models.test_algorithms.toys import batch, student_cfg


def test_sound_is_missing() -> None:
    student = student_cfg(audio=False)
    with pytest.raises(ConfigError, match=r'`model\.student` has no `audio_backbone`'):
        build(student=student)
    with pytest.raises(ValueError, match='frames and audio for ASLGuided, but got no `audio`'):
        build(student=student, contrast=None).loss(*batch(audio=False))


def test_wrong_names_are_errors() -> None:
    with pytest.raises(ConfigError, match=r"'TubeToken' is not a threshold.*is a masker"):
        build(threshold={'type': 'TubeToken'})
    with pytest.raises(ConfigError, match=r"no argument 'treshold'.*mean 'threshold'"):
        build(threshold={'type': 'FlexThreshold', 'treshold': 0.3})
    with pytest.raises(ValueError, match='loss_weights'):
        build(loss_weights={'unsupervised': 1.0})
    with pytest.raises(ValueError, match='test_with'):
        build(test_with='pupil')
