"""What the inferencer gives and writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmavssl.apis import AVActionInferencer
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import DataError
from tests.small_predictor import class_names, small_config, write_checkpoint


def test_plain_results(inferencer, videos, tmp_path, capsys):
    out = tmp_path / 'new/predictions.json'
    results = inferencer(videos[:2], topk=3, pred_out_file=out, print_result=True)
    samples = inferencer(videos[:2], return_datasamples=True)['predictions']
    assert json.loads(out.read_text()) == results
    assert results['visualization'] == results['errors'] == []
    for prediction, sample, path in zip(results['predictions'], samples, videos, strict=False):
        assert isinstance(sample, AVDataSample)
        assert prediction['path'] == sample.video_path == path
        scores, labels = sample.pred_score.sort(descending=True)
        assert [each['label'] for each in prediction['topk']] == labels[:3].tolist()
        assert [each['score'] for each in prediction['topk']] == pytest.approx(scores[:3])
        assert prediction['class'] == inferencer.classes[labels[0]]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f'{videos[0]}: {results["predictions"][0]["class"]} 0.')
    assert len(lines) == 2


def test_maps_and_videos(inferencer, videos, tmp_path):
    results = inferencer(videos[:2], return_datasamples=True, localize=True, out_dir=tmp_path)
    names = [tmp_path / f'{Path(path).stem}.mp4' for path in videos[:2]]
    assert results['visualization'] == list(map(str, names))
    for sample, path, source in zip(results['predictions'], names, videos, strict=False):
        assert sample.sound_map.shape == (24, 28, 28)  # 3 s
        assert sample.map_times[[0, -1]].tolist() == pytest.approx([0, 3 - 1 / 16], abs=0.01)
        peak = sample.sound_map.flatten(1).argmax(dim=1)
        assert set(peak.tolist()) <= {28 * y + x for x in (13, 14) for y in (13, 14)}
        assert VideoFile(str(path)).clock.duration == pytest.approx(3, abs=0.01)
        heard, own = (AudioFile(str(file)).waveform[:47000] for file in (path, source))
        assert np.corrcoef(heard, own)[0, 1] > 0.95


@pytest.mark.parametrize('error', [KeyboardInterrupt, MemoryError])
def test_what_was_done_before_is_written(inferencer, videos, tmp_path, monkeypatch, error):
    forward, calls = inferencer.forward, []

    def until_stopped(batch):
        calls.append(batch)
        if len(calls) == 3:
            raise error
        return forward(batch)

    monkeypatch.setattr(inferencer, 'forward', until_stopped)
    out = tmp_path / 'new/predictions.json'
    with pytest.raises(error):
        inferencer(videos, batch_size=2, pred_out_file=out)
    found = json.loads(out.read_text())
    assert [each['path'] for each in found['predictions']] == videos[:4]
    out.unlink()
    calls[:] = calls[:2]
    with pytest.raises(error):
        inferencer(videos, pred_out_file=out)
    assert not out.exists()  # nothing was done


def test_no_class_names(avsprites_root, videos, tmp_path, said):
    cfg = small_config(avsprites_root)
    path = write_checkpoint(tmp_path / 'a.pth', cfg, None)
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    assert inferencer.classes == tuple(class_names(avsprites_root))  # of the test's data
    cfg.test_dataloader.dataset.classes_file = 'gone.txt'
    write_checkpoint(path, cfg, None)
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    assert said == [f'{path} has no class names, so that they are `class 0`, `class 1`, …']
    [prediction] = inferencer(videos[0])['predictions']
    assert prediction['class'] == f'class {prediction["label"]}'


def test_models_of_the_metafiles(capsys):
    names = AVActionInferencer.list_models()
    assert 'asl_mix_ucf51_1shot' in names
    assert len(names) == len(set(names)) > 100
    assert AVActionInferencer.list_models(patterns='asl_mix_ucf51') == [
        name for name in names if name.startswith('asl_mix_ucf51')
    ]
    assert capsys.readouterr().out == ''


def test_numbers_that_are_none_fail_alone(inferencer, videos, monkeypatch):
    test_step = inferencer.model.test_step

    def with_one_broken(batch):
        samples = test_step(batch)
        for sample in samples:
            if sample.video_path == videos[1]:
                sample.pred_score = sample.pred_score * float('nan')
        return samples

    monkeypatch.setattr(inferencer.model, 'test_step', with_one_broken)
    results = inferencer(videos[:3], batch_size=3)
    assert [each['path'] for each in results['predictions']] == [videos[0], videos[2]]
    [error] = results['errors']
    assert error['path'] == videos[1]
    assert 'the probabilities are not finite' in error['reason']
    with pytest.raises(DataError, match='the probabilities are not finite'):
        inferencer(videos[1])
