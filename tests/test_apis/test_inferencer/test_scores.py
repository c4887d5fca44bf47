"""Scores of the inferencer against those of testing, and by its options."""

from pathlib import Path

import torch
from mmengine.fileio import load
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.apis import AVActionInferencer
from tests.small_predictor import class_names, make_noisy, small_config
from tests.test_apis.test_inferencer.scores import scores_of


class Noise(Hook):
    """Let classes depend on what goes in, from the first iteration on."""

    def before_train(self, runner):
        make_noisy(runner.model)


def test_probabilities_are_those_of_the_test(avsprites_root, videos, tmp_path):
    """Of a real run: its checkpoint alone, against what the Runner's test dumps."""
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
