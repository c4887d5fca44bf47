"""Scores of a clip are means over its views."""

import pytest
import torch

from mmavssl.structures import AVDataSample
from tests.test_models.test_algorithms.test_semi_supervised.toys import build
from tests.test_models.test_algorithms.toys import NUM_CLASSES, batch


@pytest.mark.parametrize('test_with', ['student', 'teacher', 'both'])
def test_predict_averages_probabilities_over_views(test_with: str) -> None:
    model = build(test_with=test_with).eval()
    with torch.no_grad():
        model.student.head.fc.bias.add_(torch.tensor([2.0, 0.0, -2.0]))
    video, audio = torch.randn(2, 3, 3, 2, 16, 16), torch.randn(2, 3, 32, 16)
    samples = [AVDataSample(), AVDataSample()]
    inputs = {'video': video, 'audio': audio}
    with torch.no_grad():
        predicted = model(inputs, samples, mode='predict')
        for i, sample in enumerate(predicted):
            for role in ('student', 'teacher'):
                if test_with not in (role, 'both'):
                    assert f'{role}_score' not in sample
                    continue
                slow = torch.zeros(NUM_CLASSES)
                for v in range(3):
                    logits = getattr(model, role)(video[i, v][None], audio[i, v][None]).logits[0]
                    slow += logits.softmax(-1) / 3
                torch.testing.assert_close(sample.get(f'{role}_score'), slow)
            main = 'teacher' if test_with == 'teacher' else 'student'
            assert torch.equal(sample.pred_score, sample.get(f'{main}_score'))


def test_predict_averages_logits_on_demand() -> None:
    model = build(average='logit', test_with='student').eval()
    view = batch()[0]['unlabeled']['strong']
    inputs = {name: tensor.unflatten(0, (2, 2)) for name, tensor in view.items()}
    with torch.no_grad():
        logits = model.student(view['video'], view['audio']).logits.unflatten(0, (2, 2))
        [first, second] = model.predict(inputs, [AVDataSample(), AVDataSample()])
    for sample, row in zip((first, second), logits, strict=True):
        torch.testing.assert_close(sample.pred_score, ((row[0] + row[1]) / 2).softmax(dim=-1))
    with pytest.raises(ValueError, match=r"`average` .* got 'max'"):
        build(average='max')
