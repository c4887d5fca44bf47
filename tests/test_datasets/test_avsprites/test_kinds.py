import pytest

from mmavssl.datasets.avsprites.kinds import ActorKind, SoundKind
from mmavssl.utils.errors import ConfigError


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda: ActorKind('a', 'blob', 0.1, 'jump'), 'shape'),
        (lambda: ActorKind('a', 'ball', 0.1, 'fly'), 'motion'),
        (lambda: ActorKind('a', 'ball', 1.0, 'jump'), 'hue'),
        (lambda: SoundKind('a', 'drum', 100), 'timbre'),
        (lambda: SoundKind('a', 'bell', 0), 'pitch'),
    ],
)
def test_errors_name_the_parameter(make, name):
    with pytest.raises(ConfigError, match=f'`{name}`'):
        make()
