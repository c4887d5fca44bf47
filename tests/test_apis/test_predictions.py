import doctest
import json
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from mmavssl.apis import predictions
from mmavssl.apis.inference_pipeline import Failure
from mmavssl.apis.predictions import (
    class_names,
    describe,
    failed_if_not_finite,
    in_plain_words,
    written_at_the_end,
)
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError

CLASSES = ('run', 'jump', 'sit')


def sample(*scores, path='a.mp4'):
    made = AVDataSample(metainfo={'video_path': path, 'sample_idx': 0})
    return made.set_pred_score(torch.tensor(scores))


def test_numbers_of_a_prediction():
    found = describe(sample(0.25, 0.625, 0.125), CLASSES, topk=2)
    assert found == {
        'path': 'a.mp4',
        'label': 1,
        'class': 'jump',
        'score': 0.625,
        'topk': [
            {'label': 1, 'class': 'jump', 'score': 0.625},
            {'label': 0, 'class': 'run', 'score': 0.25},
        ],
        'entropy': pytest.approx(-sum(p * np.log(p) for p in (0.25, 0.625, 0.125))),
        'margin': 0.375,
    }


def test_part_of_a_list():
    found = describe(sample(1.0))
    assert not {'start', 'end', 'audio_path'} & found.keys()
    part = sample(1.0)
    part.set_metainfo({'start': 0.0, 'audio_path': 'a.wav'})
    found = describe(part)
    assert (found['start'], found['audio_path'], 'end' in found) == (0.0, 'a.wav', False)


def test_results_are_written_whatever_ends_the_work(tmp_path):
    path = tmp_path / 'new/a.json'
    for error, results in ((None, [1]), (KeyboardInterrupt, [2]), (ValueError, [3])):
        with pytest.raises(error) if error else nullcontext(), written_at_the_end(path) as written:
            written['errors'] += results
            if error:
                raise error
        expected = {'predictions': [], 'visualization': [], 'errors': results}
        assert json.loads(path.read_text()) == expected
    path.unlink()
    with written_at_the_end(path), written_at_the_end('') as written:
        written['errors'].append(1)
    assert not path.exists()


def test_certain_and_single_classes():
    assert describe(sample(0.0, 1.0, 0.0))['entropy'] == 0
    assert describe(sample(1.0))['margin'] == 1
    ties = describe(sample(0.25, 0.25, 0.25, 0.25), topk=9)
    assert [each['class'] for each in ties['topk']] == ['class 0', 'class 1', 'class 2', 'class 3']
    assert (ties['entropy'], ties['margin']) == (pytest.approx(np.log(4)), 0)


def test_what_is_no_prediction():
    failure = failed_if_not_finite(sample(0.5, float('nan')))
    assert (failure.path, failure.sample_idx) == ('a.mp4', 0)
    assert failure.reason.startswith('a.mp4: the probabilities are not finite: ')
    good = sample(0.5, 0.5)
    assert failed_if_not_finite(good) is good
    with pytest.raises(ConfigError, match='names 3 classes, but the model has 2'):
        describe(sample(0.5, 0.5), CLASSES)
    with pytest.raises(ConfigError, match='`topk` to be at least 1, but got 0'):
        describe(sample(1.0), topk=0)


def test_failures_stand_apart():
    failure = Failure(0, 'b.mp4', 'b.mp4 is empty.')
    found = in_plain_words([failure, sample(0.5, 0.25, 0.25)], CLASSES)
    assert [each['path'] for each in found['predictions']] == ['a.mp4']
    assert found['errors'] == [{'path': 'b.mp4', 'reason': 'b.mp4 is empty.'}]


@pytest.mark.parametrize(
    'meta', [None, {}, {'dataset_meta': {}}, {'dataset_meta': {'classes': ()}}]
)
def test_no_class_names(meta):
    assert class_names({'meta': meta}) is None


def test_examples():
    assert doctest.testmod(predictions).failed == 0
