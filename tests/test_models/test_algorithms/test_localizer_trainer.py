import pytest
import torch
from mmengine.logging import MessageHub

from mmavssl.models.localizers import FNACLocalizer
from mmavssl.registry import SSL_ALGORITHMS
from mmavssl.structures import AVDataSample
from mmavssl.utils.errors import ConfigError, DataError

LOCALIZER = dict(
    type='FNACLocalizer', num_stages=2, base_channels=8, out_dims=16, image_dropout=0.0
)


def made(**kwargs):
    torch.manual_seed(0)
    cfg = dict(type='LocalizerTrainer', localizer=LOCALIZER, loss=dict(type='FNACLoss'))
    return SSL_ALGORITHMS.build({**cfg, **kwargs})


def view(batch, seed):
    generator = torch.Generator().manual_seed(seed)
    return {
        'video': torch.randint(256, (batch, 3, 4, 32, 32), generator=generator).byte(),
        'audio': torch.randn(batch, 24, 16, generator=generator),
    }


def train_batch():
    inputs = {
        'labeled': {'weak': view(2, 1)},
        'unlabeled': {'weak': view(3, 2), 'strong': view(3, 3)},
    }
    samples = [AVDataSample().set_gt_label(0)] * 2
    return {'inputs': inputs, 'data_samples': {'labeled': samples, 'unlabeled': samples}}


def loss_of(trainer, batch):
    return trainer(**trainer.data_preprocessor(batch, True), mode='loss')


def expected_total(trainer, batch, frame, epoch):
    """The loss on one given frame of the weak views of both streams."""
    weak = [batch['inputs']['labeled']['weak'], batch['inputs']['unlabeled']['weak']]
    frames = torch.cat([clip['video'][:, :, frame] for clip in weak]).float() / 255
    image_feat = trainer.localizer.embed_frames(frames)
    audio_feat = trainer.localizer.embed_audio(torch.cat([clip['audio'] for clip in weak]))
    return trainer.criterion(image_feat, audio_feat, epoch)


@pytest.mark.parametrize('epoch', [0, 5])
def test_loss_of_all_weak_views(epoch):
    MessageHub.get_current_instance().update_info('epoch', epoch)
    trainer = made(frames='middle').eval()
    batch = train_batch()
    logs = loss_of(trainer, batch)
    torch.testing.assert_close(logs['loss'], expected_total(trainer, batch, 2, epoch))
    total, names = trainer.parse_losses(logs)
    assert torch.equal(total, logs['loss'])  # the terms are logged, not added
    assert set(names) == {'loss', 'contrast', 'fns1', 'tns', 'fns2'}


def test_labels_are_never_read():
    batch = train_batch()
    batch['data_samples'] = None
    assert loss_of(made().eval(), batch)['loss'].isfinite()


def test_random_frames_in_training():
    trainer = made()
    torch.manual_seed(3)
    video = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(400, 3, 6, 2, 2)
    picked = trainer.pick_frames((video / 6 - 0.45) / 0.225)
    assert picked.shape == (400, 3, 2, 2)
    counts = (picked[:, 0, 0, 0] * 6).round().long().bincount(minlength=6)
    assert counts.min() > 40
    middle = trainer.eval().pick_frames((video / 6 - 0.45) / 0.225)
    torch.testing.assert_close(middle, torch.full_like(middle, 0.5))


def test_predict_adds_maps():
    trainer = made().eval()
    torch.manual_seed(1)
    inputs = {
        'video': torch.randint(256, (2, 3, 3, 4, 32, 32)).byte(),
        'audio': torch.randn(2, 3, 24, 16),
    }
    batch = {'inputs': inputs, 'data_samples': [AVDataSample(), AVDataSample()]}
    samples = trainer.test_step(batch)
    for index, sample in enumerate(samples):
        frames = inputs['video'][index].float().div(255).transpose(1, 2)
        expected = trainer.localizer(frames, inputs['audio'][index])
        assert sample.heatmap.shape == (3, 4, 4, 4)
        torch.testing.assert_close(sample.heatmap, expected.detach(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('kind', ['ASLGuided', 'TubeToken'])
def test_masks_are_drawn_by_the_maps_to_be_scored(kind):
    masker = dict(type=kind)
    if kind == 'ASLGuided':
        masker['localizer'] = dict(type='PrecomputedMap')
    trainer = made(masker=masker, mask_ratio=0.25, patch_size=8).eval()
    inputs = {
        'video': torch.randint(256, (30, 2, 3, 4, 32, 32)).byte(),
        'audio': torch.randn(30, 2, 24, 16),
    }
    batch = {'inputs': inputs, 'data_samples': [AVDataSample() for _ in range(30)]}
    samples = trainer.test_step(batch)
    kept, others = [], []
    for sample in samples:
        assert sample.mask.shape == (2, 4, 4, 4)
        assert (sample.mask.sum(dim=(2, 3)) == 4).all()
        low = sample.heatmap.amin((2, 3), keepdim=True)
        high = sample.heatmap.amax((2, 3), keepdim=True)
        scaled = (sample.heatmap - low) / (high - low)
        kept.append(scaled[sample.mask].mean())
        others.append(scaled[~sample.mask].mean())
    gap = float(torch.stack(kept).mean() - torch.stack(others).mean())
    assert gap > 0.1 if kind == 'ASLGuided' else abs(gap) < 0.1


@pytest.mark.parametrize('guided', [False, True])
def test_what_does_not_embed_is_not_trained(guided):
    control = dict(type='CenterPrior')
    guide = dict(type='ObjectGuided', localizer=control, object_weights=False)
    trainer = made(localizer=guide if guided else control)
    kind = 'ObjectGuided' if guided else 'CenterPrior'
    with pytest.raises(ConfigError, match=f'localizer: {kind} cannot be trained, as it has no'):
        loss_of(trainer, train_batch())


def test_object_guidance_trains_the_localizer_alone():
    trainer = made(frames='middle').eval()
    guide = dict(type='ObjectGuided', localizer=LOCALIZER, object_weights=False)
    guided = made(localizer=guide, frames='middle').eval()
    guided.load_state_dict(trainer.state_dict())
    batch = train_batch()
    loss = loss_of(guided, batch)['loss']
    torch.testing.assert_close(loss, loss_of(trainer, batch)['loss'])
    loss.backward()
    names = {name for name, p in guided.named_parameters() if p.grad is not None}
    assert names == {f'localizer.{name}' for name, _ in trainer.named_parameters()}


def test_tensor_mode():
    trainer = made().eval()
    batch = trainer.data_preprocessor({'inputs': view(2, 1)})
    assert trainer(batch['inputs'], mode='tensor').shape == (2, 4, 4, 4)


def test_learns_to_match():
    trainer = made(loss=dict(type='MILContrastiveLoss', temperature=0.1), frames='middle')
    optimizer = torch.optim.Adam(trainer.parameters(), lr=3e-3)
    history = []
    for _ in range(25):
        loss = loss_of(trainer, train_batch())['loss']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert all(p.grad is not None for p in trainer.parameters())
    assert history[-1] < 0.5 * history[0]


def test_init_weights_reaches_the_localizer(tmp_path):
    torch.manual_seed(5)
    reference = FNACLocalizer(**{k: v for k, v in LOCALIZER.items() if k != 'type'})
    torch.save(reference.state_dict(), tmp_path / 'localizer.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'localizer.pth'))
    trainer = made(localizer={**LOCALIZER, 'init_cfg': init_cfg})
    trainer.init_weights()
    torch.testing.assert_close(trainer.localizer.state_dict(), reference.state_dict())


def test_streams_without_sound_are_left_out():
    trainer = made(frames='middle').eval()
    batch = train_batch()
    alone = {**batch, 'inputs': {'unlabeled': batch['inputs']['unlabeled']}}
    expected = loss_of(trainer, alone)['loss']
    del batch['inputs']['labeled']['weak']['audio']
    torch.testing.assert_close(loss_of(trainer, batch)['loss'], expected)


def test_no_sound():
    batch = train_batch()
    for stream in batch['inputs'].values():
        for clip in stream.values():
            del clip['audio']
    with pytest.raises(DataError, match="Expected a 'weak' view with video and audio"):
        loss_of(made(), batch)


def test_localizer_of_spectrograms_hears_spectrograms():
    trainer = made(localizer={**LOCALIZER, 'audio_input': 'spectrogram'}, frames='middle').eval()
    batch = train_batch()
    with pytest.raises(ConfigError, match=r"gives no 'spectrogram'.*`LogSpectrogram\(\)`"):
        loss_of(trainer, batch)
    spectrograms = torch.randn(5, 33, 20)
    for stream, part in zip(batch['inputs'].values(), spectrograms.split([2, 3]), strict=True):
        stream['weak']['spectrogram'] = part
    weak = [stream['weak']['video'] for stream in batch['inputs'].values()]
    frames = torch.cat([video[:, :, 2] for video in weak]).float() / 255
    expected = trainer.criterion(
        trainer.localizer.embed_frames(frames), trainer.localizer.embed_audio(spectrograms), 0
    )
    torch.testing.assert_close(loss_of(trainer, batch)['loss'], expected)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"`frames` to be one of .*'first'"):
        made(frames='first')
    with pytest.raises(ConfigError, match=r"'TubeToken' is not a localizer\. It is a masker"):
        made(localizer=dict(type='TubeToken'))
    with pytest.raises(ValueError, match=r"Expected `mode`.*'train'"):
        made()({}, mode='train')
