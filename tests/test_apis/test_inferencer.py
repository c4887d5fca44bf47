"""The inferencer against testing, and with all kinds of inputs."""

import copy
import json
import runpy
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.fileio import load
from mmengine.hooks import Hook
from mmengine.runner import Runner
from safetensors.torch import save_file

from mmavssl.apis import AVActionInferencer
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError, DataError
from tests.small_predictor import (
    CENTER,
    ROOT,
    class_names,
    make_noisy,
    small_config,
    test_videos,
    write_checkpoint,
)


@pytest.fixture(scope='module')
def weights(avsprites_root, tmp_path_factory):
    """A checkpoint of ASL-Mix, whose localizer has no weights to load."""
    path = tmp_path_factory.mktemp('weights') / 'epoch_1.pth'
    cfg = small_config(avsprites_root, localizer=CENTER)
    return write_checkpoint(path, cfg, class_names(avsprites_root))


@pytest.fixture(scope='module')
def inferencer(weights):
    return AVActionInferencer(weights=weights, device='cpu', views='fast', show_progress=False)


@pytest.fixture(scope='module')
def videos(avsprites_root):
    return test_videos(avsprites_root)


def scores_of(results, name='pred_score'):
    return torch.stack([sample.get(name) for sample in results['predictions']])


class Noise(Hook):
    """Let classes depend on what goes in, from the first iteration on."""

    def before_train(self, runner):
        make_noisy(runner.model)


def test_probabilities_are_those_of_the_test(avsprites_root, videos, tmp_path, monkeypatch):
    """Of a real run: its checkpoint alone, against what the Runner's test dumps."""
    # Layouts of a config take most of the time of a short run.
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, True))
    cfg = small_config(avsprites_root)
    cfg.work_dir, cfg.experiment_name = str(tmp_path), tmp_path.name
    cfg.train_dataloader.batch_size = 6
    cfg.train_dataloader.sampler.epoch_over = 1
    cfg.train_cfg.max_epochs, cfg.model.warmup_epochs = 1, 0
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.model.mixer.masker.localizer.init_cfg = None
    cfg.test_dataloader.dataset.indices = 4
    dumped = str(tmp_path / 'scores.pkl')
    cfg.test_evaluator = [cfg.test_evaluator, dict(type='DumpResults', out_file_path=dumped)]
    for name in ('backbone', 'audio_backbone'):
        cfg.model.student[name].init_cfg = None
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Noise(), priority='LOWEST')
    runner.train()
    runner.test()
    tested = load(dumped)
    assert [Path(sample['video_path']) for sample in tested] == list(map(Path, videos[:4]))
    found = {}
    for use in (None, 'teacher'):
        inferencer = AVActionInferencer(weights=tmp_path / 'epoch_1.pth', device='cpu', use=use)
        results = inferencer(videos[:4], return_datasamples=True, batch_size=3)
        found[use] = scores_of(results)
        expected = torch.stack([sample[f'{use or "student"}_score'] for sample in tested])
        torch.testing.assert_close(found[use], expected, atol=1e-6, rtol=0)
        assert inferencer.classes == tuple(class_names(avsprites_root))
    assert (found[None] - found['teacher']).abs().max() > 1e-3
    assert (found[None] - found[None][:1]).abs().max() > 1e-3


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


def test_fast_is_one_view_of_the_middle(inferencer, weights, videos):
    [fast] = inferencer(videos[0], return_datasamples=True)['predictions']
    assert fast.clip_times.tolist() == [[0.5, 2.5]]  # of 3 s
    full = AVActionInferencer(weights=weights, device='cpu', show_progress=False)
    [whole] = full(videos[0], return_datasamples=True)['predictions']
    assert len(whole.crop_box) == 15
    assert (whole.pred_score - fast.pred_score).abs().max() > 1e-4


def test_workers_and_batches_change_nothing(inferencer, weights, videos):
    several = AVActionInferencer(
        weights=weights, device='cpu', views='fast', num_workers=2, show_progress=False
    )
    one = scores_of(inferencer(videos[:3], return_datasamples=True))
    other = scores_of(several(videos[:3], return_datasamples=True, batch_size=2))
    torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def arrays_of(path):
    media = MediaFile(path)
    video, sound = VideoFile(media), AudioFile(media)
    return {
        'video': video.frames(np.arange(video.num_frames)),
        'fps': video.fps,
        'audio': sound.window(video.clock.start_time, video.clock.duration),
        'sample_rate': 16000,
    }


def test_arrays_are_as_good_as_their_file(inferencer, videos):
    arrays = arrays_of(videos[0])
    mute = {'video': arrays['video'], 'fps': arrays['fps'], 'path': 'mute'}
    named = {**arrays, 'path': 'mine'}
    results = inferencer([videos[0], arrays, named, mute], return_datasamples=True)
    first, *others = results['predictions']
    assert [sample.video_path for sample in others] == ['array_1', 'mine']
    for sample in others:
        torch.testing.assert_close(sample.pred_score, first.pred_score, atol=1e-5, rtol=0)
    [failure] = results['errors']
    assert failure['path'] == 'mute'
    assert failure['reason'].startswith('mute has no sound, which this model needs.')


@pytest.fixture
def folder(videos, tmp_path, remove_sound):
    """Videos in folders: a good one, one that is cut off, one without sound, one more good one."""
    folder = tmp_path / 'pool'
    (folder / 'b').mkdir(parents=True)
    for name, source in (('a.mp4', 0), ('b/1.MP4', 1), ('b/2.mp4', 2), ('c.mp4', 3)):
        shutil.copy(videos[source], folder / name)
    (folder / 'b/1.MP4').write_bytes(Path(videos[1]).read_bytes()[:500])
    remove_sound(folder / 'b/2.mp4')
    (folder / 'notes.txt').write_text('no video')
    return folder


@pytest.fixture
def said(monkeypatch):
    """What is logged."""
    lines = []
    for module in ('inferencer', 'inference_pipeline', 'prediction_drawer'):
        name = f'mmavssl.apis.{module}.print_log'
        monkeypatch.setattr(name, lambda text, **_: lines.append(text))
    return lines


def test_bad_files_of_a_folder_are_named_and_left_out(inferencer, folder, videos, said):
    results = inferencer(folder, batch_size=2)
    assert [each['path'] for each in results['predictions']] == [
        str(folder / 'a.mp4'), str(folder / 'c.mp4'),
    ]  # fmt: skip
    expected = inferencer([videos[0], videos[3]])['predictions']
    for found, same in zip(results['predictions'], expected, strict=True):
        assert found['score'] == pytest.approx(same['score'], abs=1e-6)
    assert [each['path'] for each in results['errors']] == [
        str(folder / 'b/1.MP4'), str(folder / 'b/2.mp4'),
    ]  # fmt: skip
    assert 'damaged' in results['errors'][0]['reason']
    assert said[0].startswith(f'{folder / "b/1.MP4"}: cannot read')
    assert said[1].endswith('It is left out (2 of 4 so far).')
    assert len(said) == 2


def test_a_bad_file_that_is_all_there_is(inferencer, folder):
    with pytest.raises(DataError, match=r'1\.MP4: cannot read video'):
        inferencer(folder / 'b/1.MP4')
    with pytest.raises(DataError, match=r'nothing\.mp4 does not exist. Correct the path'):
        inferencer('nothing.mp4')
    with pytest.raises(DataError, match=r"audio='silence' \(--audio silence\)"):
        inferencer(str(folder / 'b/2.mp4'))
    assert len(inferencer([folder / 'b/1.MP4', folder / 'b/2.mp4'])['errors']) == 2


def test_silence_may_stand_in_for_sound(inferencer, weights, folder, videos):
    patient = AVActionInferencer(
        weights=weights, device='cpu', views='fast', audio='silence', show_progress=False
    )
    mute, loud = patient([folder / 'b/2.mp4', videos[2]], return_datasamples=True)['predictions']
    assert not mute.has_audio
    assert (mute.pred_score - loud.pred_score).abs().max() > 1e-4
    [strict] = inferencer(videos[2], return_datasamples=True)['predictions']
    torch.testing.assert_close(loud.pred_score, strict.pred_score)


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


def test_parts_of_a_list(inferencer, videos, tmp_path):
    """Each is predicted, localized and shown as if it were a file of its own."""
    path = tmp_path / 'list.csv'
    path.write_text(
        f'path,label,start,end,audio_path\n{videos[0]},,0.5,2.5,\n{videos[0]},,1,2,{videos[1]}\n'
        f'{videos[0]},,,,\n{videos[0]},,7,8,\n'
    )
    results = inferencer(path, localize=True, out_dir=tmp_path / 'new', return_datasamples=True)
    middle, dubbed, whole = results['predictions']
    # One clip of 2 s from the middle is all that `fast` sees.
    torch.testing.assert_close(middle.pred_score, whole.pred_score, atol=1e-6, rtol=0)
    assert (dubbed.pred_score - whole.pred_score).abs().max() > 1e-4
    assert (middle.start, middle.end, whole.get('start')) == (0.5, 2.5, None)
    assert dubbed.audio_path == videos[1]
    assert len(middle.sound_map) == 16  # 8 a second
    assert middle.map_times[[0, -1]].tolist() == pytest.approx([0.5, 2.5 - 1 / 16], abs=0.01)
    shown = [VideoFile(name).clock.duration for name in results['visualization']]
    assert shown == pytest.approx([2, 1, 3], abs=0.01)
    heard = AudioFile(results['visualization'][0]).waveform[:31000]
    assert np.corrcoef(heard, AudioFile(videos[0]).waveform[8000:39000])[0, 1] > 0.95
    [error] = results['errors']
    assert 'lasts 3.00 s' in error['reason']
    plain = inferencer(path)['predictions']
    assert [each.get('start') for each in plain] == [0.5, 1, None]
    assert (plain[0]['end'], plain[1]['audio_path']) == (2.5, videos[1])


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


@pytest.mark.parametrize('num_workers', [0, 1])
def test_video_of_a_server_is_fetched_once(weights, videos, tmp_path, num_workers):
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    handler = partial(Handler, directory=str(Path(videos[0]).parent))
    inferencer = AVActionInferencer(
        weights=weights, device='cpu', views='fast', num_workers=num_workers, show_progress=False
    )
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            names = [Path(path).name for path in videos[:2]]
            urls = [f'http://127.0.0.1:{server.server_port}/{name}' for name in names]
            results = inferencer(urls, out_dir=tmp_path)
        finally:
            server.shutdown()
            thread.join()
    assert asked == [f'/{name}' for name in names]
    assert results['visualization'] == [str(tmp_path / name) for name in names]
    expected = inferencer(videos[:2])['predictions']
    assert [each['score'] for each in results['predictions']] == pytest.approx(
        [each['score'] for each in expected]
    )


def test_localizer_that_compares_frames_is_refused_before_the_work(
    avsprites_root, videos, tmp_path, monkeypatch
):
    cfg = small_config(avsprites_root, localizer={'type': 'Uniform', 'size': 7})
    path = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    monkeypatch.setattr(inferencer, 'forward', lambda batch: pytest.fail('predicted'))
    for _ in range(2):
        with pytest.raises(ConfigError, match='Uniform gives a frame another map beside other'):
            inferencer(videos[0], localize=True)


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Return what publishes a network of a checkpoint, and names the file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # the tool sets these two
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    main = runpy.run_path(str(ROOT / 'tools/publish_model.py'))['main']

    def run(weights, network):
        call = [str(weights), 'a.safetensors', '--config', 'x.py', '--network', network]
        assert main(call) == 0
        return 'a.safetensors'

    return run


def test_published_file_alone(avsprites_root, weights, videos, publish, capsys):
    options = dict(device='cpu', views='fast', show_progress=False)
    for network in ('student', 'teacher'):
        path = publish(weights, network)
        by_checkpoint = AVActionInferencer(weights=weights, use=network, **options)
        capsys.readouterr()
        published = AVActionInferencer(weights=path, **options)
        assert capsys.readouterr().out == ''  # nothing of what only training needs
        assert published.network == network
        assert published.classes == by_checkpoint.classes
        assert published.classes == tuple(class_names(avsprites_root))
        expected, found = (
            scores_of(each(videos[:2], return_datasamples=True))
            for each in (by_checkpoint, published)
        )
        assert found.equal(expected)
    with pytest.raises(ConfigError, match=r'has the teacher alone, so that `use` \(--use\)'):
        AVActionInferencer(weights=path, use='student', **options)


def test_published_of_a_run_that_keeps_its_localizer(avsprites_root, publish):
    localizer = {
        'type': 'FNACLocalizer', 'num_stages': 2, 'base_channels': 4, 'out_dims': 8,
        'pretrained_image': False,
    }  # fmt: skip
    cfg = small_config(avsprites_root, localizer=localizer)
    cfg.model.mixer.masker.save_localizer = True
    path = publish(write_checkpoint(Path('a.pth'), cfg, None), 'teacher')
    assert AVActionInferencer(weights=path, device='cpu').network == 'teacher'


def test_published_file_without_config(avsprites_root, weights, videos, tmp_path):
    """As those of before, which have no class names either."""
    state = torch.load(weights, weights_only=True)['state_dict']
    network = {k.removeprefix('student.'): v for k, v in state.items() if k[:8] == 'student.'}
    path, facts = tmp_path / 'a.safetensors', {'network': 'student', 'epoch': '1'}
    save_file(network, path, metadata=facts)
    with pytest.raises(ConfigError, match=r'has no config in it.* Name the config .*--model'):
        AVActionInferencer(weights=path, device='cpu')
    cfg = small_config(avsprites_root, localizer=CENTER)
    found = AVActionInferencer(cfg, path, device='cpu', views='fast', show_progress=False)
    assert found.classes == tuple(class_names(avsprites_root))
    assert found(videos[0])['predictions'][0]['class'] in found.classes


def test_what_cannot_be_done_is_said_before_the_work(inferencer, weights, videos, monkeypatch):
    folder = Path(videos[0]).parent
    with pytest.raises(ConfigError, match='is one of the videos to predict'):
        inferencer(videos[:1], out_dir=folder)
    with pytest.raises(ConfigError, match=r"no argument 'top_k'. Did you mean 'topk'\? It takes"):
        inferencer(videos[:1], top_k=3)
    monkeypatch.setattr(inferencer, 'forward', lambda batch: pytest.fail('predicted'))
    for wrong, message in (
        ({'batch_size': 0}, '`batch_size` to be at least 1, but got 0'),
        ({'batch_size': None}, '`batch_size` to be an integer, but got None'),
        ({'topk': 0}, '`topk` to be at least 1, but got 0'),
        ({'topk': '3'}, "`topk` to be an integer, but got '3'"),
        ({'pred_out_file': 'x.pkl'}, 'the name of x.pkl does not end with .json'),
        ({'pred_out_file': '/proc/x/x.json'}, '/proc/x: no file can be written there'),
        ({'out_dir': '/proc/x'}, '/proc/x: no file can be written there'),
        ({'data_root': 'data'}, 'Leave it out.'),
    ):
        with pytest.raises(ConfigError) as error:
            inferencer(videos[:1], **wrong)
        assert message in str(error.value)
    for wrong, message in (
        ({'views': 'half'}, "`views` to be one of ('full', 'fast'), but got 'half'"),
        ({'audio': 'skip'}, "`audio` to be one of ('error', 'silence'), but got 'skip'"),
        ({'use': 'both'}, "`use` to be one of ('student', 'teacher'), but got 'both'"),
        ({'device': 'tpu'}, '--device tpu: '),
        ({'num_workers': -1}, '`num_workers` to be at least 0, but got -1'),
    ):
        with pytest.raises(ConfigError) as error:
            AVActionInferencer(weights=weights, **wrong)
        assert message in str(error.value)


def test_no_weights(inferencer):
    with pytest.raises(ConfigError, match='Name a checkpoint'):
        AVActionInferencer()
    with pytest.raises(ConfigError, match='a model without predicts noise'):
        AVActionInferencer('asl_mix_ucf51_1shot')


def test_checkpoint_of_another_model(avsprites_root, weights):
    cfg = small_config(avsprites_root, 'svformer/avsprites_1shot.py')
    cfg.model.student.backbone.depth = 2
    with pytest.raises(ConfigError, match='does not fit the config'):
        AVActionInferencer(cfg, weights, device='cpu')


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


def test_one_network_and_no_sound(avsprites_root, videos, tmp_path):
    """A model that only sees: no sound is asked for, but played; it has no teacher, no maps."""
    cfg = small_config(avsprites_root, 'supervised/avsprites_1shot.py')
    student = cfg.model.student
    for name in ('audio_backbone', 'fusion'):
        student.pop(name)
    student.head.in_channels = student.backbone.embed_dims
    video_only = small_config(avsprites_root, 'svformer/avsprites_1shot.py')
    cfg.test_dataloader.dataset.pipeline = video_only.test_dataloader.dataset.pipeline
    path = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
    with pytest.raises(ConfigError, match='SupervisedRecognizer has no teacher'):
        AVActionInferencer(copy.deepcopy(cfg), path, use='teacher')
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    with pytest.raises(ConfigError, match=r'has no `model\.mixer\.masker\.localizer`'):
        inferencer(videos[0], localize=True)
    [played] = inferencer(videos[0], out_dir=tmp_path)['visualization']
    assert AudioFile(played).has_audio
