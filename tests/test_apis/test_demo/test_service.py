import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from mmavssl.apis import AVActionInferencer
from mmavssl.apis.demo import DemoService, UploadLimits
from mmavssl.apis.demo import service as service_module
from mmavssl.apis.demo.service import NO_PARTNER
from mmavssl.models.localizers import FNACLocalizer, cosine
from mmavssl.utils.errors import DataError
from tests.small_predictor import (
    CENTER,
    class_names,
    small_config,
    test_videos,
    write_checkpoint,
)


@pytest.fixture
def make(avsprites_root, tmp_path):
    def make_service(
        config='asl_mix/avsprites_1shot.py', localizer=CENTER, limits=None, saves=False
    ):
        cfg = small_config(avsprites_root, config, localizer)
        if saves:
            cfg.model.mixer.masker.save_localizer = True
        weights = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
        inferencer = AVActionInferencer(weights=weights, views='fast', show_progress=False)
        examples = test_videos(avsprites_root)[-1:]
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return DemoService(inferencer, limits or UploadLimits(), folder, examples)

    return make_service


@pytest.fixture
def clip(avsprites_root):
    return test_videos(avsprites_root)[0]


def test_what_the_page_shows(make, clip, avsprites_root):
    service = make()
    answer = service(clip)
    (expected,) = service.inferencer(clip)['predictions']
    assert list(answer.scores.items()) == [(e['class'], e['score']) for e in expected['topk']]
    assert set(answer.scores) < set(class_names(avsprites_root))
    assert answer.video.endswith('.mp4')
    assert answer.masks.dtype == np.uint8
    assert answer.remark == ''
    again = service(clip)
    # Another visitor may still see the first one.
    assert {str(path) for path in service.folder.glob('*/*')} == {answer.video, again.video}
    assert answer.video != again.video
    assert np.array_equal(again.masks, answer.masks)


def test_answers_are_deleted_after_a_while(make, clip, monkeypatch):
    monkeypatch.setattr(service_module, 'KEEP', 0.5)
    service = make()
    assert Path(service(clip).video).parent.parent == service.folder
    end = time.monotonic() + 60
    while any(service.folder.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_only_the_example_that_is_mixed_in_is_read(make, clip, avsprites_root, monkeypatch):
    service = make()
    expected = service(clip).masks
    service.examples = [clip, *service.examples, 'none/another.mp4']  # the first one is the same
    assert np.array_equal(service(clip).masks, expected)


def test_messages_name_files_without_their_folders(make, clip, monkeypatch):
    service = make()
    gone = DataError(f'{clip} does not exist.')
    with monkeypatch.context() as patch:
        patch.setattr(service_module, 'load_videos', Mock(side_effect=gone))
        answer = service(clip)
    assert answer.remark == f'No mask is drawn: {Path(clip).name} does not exist.'
    assert '/' not in answer.remark
    service.examples = ['/a/b.mp4']
    said = service._by_name(clip, DataError('/a: (/a/b.mp4) is "/a/x", no mp3/aac of http://h/and'))
    assert said == 'a: (b.mp4) is "a/x", no mp3/aac of http://h/and'
    assert answer.masks is None
    assert answer.video

    def fail(path, **kwargs):
        raise DataError(f'{path}: cannot read frames 0 to 7: it is damaged.')

    monkeypatch.setattr(service, 'inferencer', Mock(wraps=service.inferencer, side_effect=fail))
    with pytest.raises(DataError, match=f'^{Path(clip).name}: cannot read frames'):
        service(clip)


def test_no_clip_to_mix_with(make, clip):
    service = make()
    service.examples = []
    answer = service(clip)
    assert answer.masks is not None
    assert answer.remark == NO_PARTNER


def test_a_model_that_localizes_nothing(make, clip):
    answer = make('svformer/avsprites_1shot.py', None)(clip)
    assert answer.remark.startswith('No map can be drawn: the config has no `model.mixer.masker')
    assert answer.scores
    assert answer.video


def test_limits_come_first(make, clip):
    service = make(limits=UploadLimits(seconds=0.5))
    with pytest.raises(DataError, match=r'this page takes 0\.5 s'):
        service(clip)
    assert not [*service.folder.iterdir()]


def test_weights_of_the_localizer_are_not_read_again(make, clip, tmp_path, monkeypatch):
    small = dict(num_stages=2, base_channels=4, out_dims=8)
    path = str(tmp_path / 'localizer.pth')
    torch.save(FNACLocalizer(**small).state_dict(), path)
    init_cfg = dict(type='Pretrained', checkpoint=path)
    service = make(localizer=dict(type='FNACLocalizer', init_cfg=init_cfg, **small))
    loads, load = [], cosine.load_localizer
    monkeypatch.setattr(cosine, 'load_localizer', lambda *args: loads.append(load(*args)))
    for _ in range(2):
        answer = service(clip)
        assert answer.masks is not None
        assert answer.remark == ''
        assert len(loads) == 2  # by what draws the map in the video, and by the mixer


def test_localizer_that_was_saved_in_the_checkpoint(make, clip, tmp_path):
    untrained = dict(type='FNACLocalizer', num_stages=2, base_channels=4, out_dims=8)
    service = make(localizer=untrained, saves=True)
    answer = service(clip)
    assert answer.remark == ''
    path = tmp_path / 'localizer.pth'
    torch.save(service.inferencer.saved_localizer, path)
    init_cfg = dict(type='Pretrained', checkpoint=str(path))
    expected = make(localizer=dict(untrained, init_cfg=init_cfg))(clip)
    assert np.array_equal(answer.masks, expected.masks)
    answer = make(localizer=untrained)(clip)
    assert answer.masks is None
    assert 'No mask is drawn: No map can be drawn: `model.mixer.masker.local' in answer.remark


def test_one_clip_at_a_time(make, clip, monkeypatch):
    service = make()
    predict = service._predict
    begun, goes_on = threading.Semaphore(0), threading.Event()

    def waiting(*args):
        begun.release()
        goes_on.wait(60)
        return predict(*args)

    monkeypatch.setattr(service, '_predict', waiting)
    threads = [threading.Thread(target=service, args=[clip]) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert begun.acquire(timeout=60)
    assert not begun.acquire(timeout=0.3)  # the other one waits for its turn
    goes_on.set()
    assert begun.acquire(timeout=60)
    for thread in threads:
        thread.join()


def test_a_broken_example_is_passed_over(make, clip, tmp_path, monkeypatch):
    said, service = Mock(), make()
    monkeypatch.setattr(service_module, 'print_log', said)
    expected = service(clip).masks
    broken = tmp_path / 'broken.mp4'
    broken.write_bytes(b'no video')
    service.examples = [str(broken), *service.examples]
    answer = service(clip)
    assert np.array_equal(answer.masks, expected)
    assert answer.remark == ''
    assert 'broken.mp4' in said.call_args.args[0]
    service.examples = [str(broken)]
    assert service(clip).remark == NO_PARTNER
