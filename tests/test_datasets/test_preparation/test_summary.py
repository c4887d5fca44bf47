import pytest

from mmavssl.datasets.preparation.folder import Folder
from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.recipe import Clip, Findings
from mmavssl.datasets.preparation.summary import format_summary, summarize


class Names(Folder):
    """Own videos of these classes."""

    def __init__(self, *classes: str) -> None:
        super().__init__()
        self._classes = classes


def summary_of(clips, seconds=2.0, classes=('run', 'sit')):
    probes = {clip.path: Probe(clip.path, 1, 1, duration=seconds) for clip in clips}
    return summarize(Names(*classes), Findings(clips), clips, [], probes)


def clips_of(**counts):
    """Return so many clips of a part and a class, as `test_run=3` says."""
    return [
        Clip(f'{name}/{i}', *name.split('_'), f'{name}/{i}')
        for name, count in counts.items()
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ('seconds', 'said'),
    [(3.0, '0.5 minutes'), (359.0, '59.8 minutes'), (360.0, '1.0 hours'), (9000.0, '25.0 hours')],
)
def test_small_sets_are_told_in_minutes(seconds, said):
    clips = clips_of(train_run=5, test_run=5)
    assert f'\n{said} are kept.' in format_summary(summary_of(clips, seconds, ('run',)))


def test_few_test_clips_of_a_class():
    enough = clips_of(train_run=1, train_sit=1, test_run=5, test_sit=5)
    assert summary_of(enough)['warnings'] == []
    few = clips_of(train_run=9, train_sit=1, test_run=4, test_sit=5)
    assert summary_of(few)['warnings'] == [
        "fewer than 5 test clips of 1 classes: 'run' (4). Accuracy by class says little of them"
    ]


def test_classes_without_test_clips_are_told_as_such():
    assert summary_of(clips_of(train_run=9, train_sit=9, test_sit=1))['warnings'] == [
        "no test clip is left of 1 classes: 'run'",
        "fewer than 5 test clips of 1 classes: 'sit' (1). Accuracy by class says little of them",
    ]


def test_ten_classes_are_named():
    classes = tuple('abcdefghijkl')
    clips = clips_of(**{f'{part}_{name}': 2 for part in ('train', 'test') for name in classes})
    [warning] = summary_of(clips, classes=classes)['warnings']
    assert warning.startswith("fewer than 5 test clips of 12 classes: 'a' (2), ")
    assert "'j' (2) and 2 more. Accuracy" in warning
