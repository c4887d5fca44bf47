"""The faithful config trains as SVFormer's released code does, number by number."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmavssl.engine.hooks.step_seed import seed_generators
from mmavssl.models.data_preprocessors import av_data_preprocessor
from mmavssl.models.mixers import MixResult
from mmavssl.registry import MODELS
from mmavssl.structures import AVDataSample
from mmavssl.utils.configs import load_config
from tests.fidelity.svformer_reference import Draws, Reference

ROOT = Path(__file__).parents[2]
CLASSES, PATCH, SIDE, FRAMES, LABELED, UNLABELED = 5, 4, 12, 8, 2, 5
DEPTH, HEADS = 2, 3


def small_faithful_config() -> Config:
    """The shipped config with a small network, without stochastic depth, whose draws are many."""
    cfg = load_config(str(ROOT / 'configs/svformer/faithful_ucf51_1shot.py'))
    cfg.model.student.backbone.update(
        img_size=SIDE, patch_size=PATCH, embed_dims=24, depth=DEPTH, num_heads=HEADS,
        drop_path_rate=0.0, init_cfg=None,
    )  # fmt: skip
    cfg.model.student.head.update(in_channels=24, num_classes=CLASSES)
    cfg.model.mixer.patch_size = PATCH
    cfg.model.warmup_epochs = 0
    return cfg


def build(seed: int, cfg: Config | None = None) -> torch.nn.Module:
    cfg = cfg or small_faithful_config()
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model.to_dict())
    generator = torch.Generator().manual_seed(seed)
    for network in (model.student, model.teacher):
        for name, parameter in network.named_parameters():
            scale = 0.0 if name == 'head.fc.bias' else 0.15
            noise = scale * torch.randn(parameter.shape, generator=generator)
            centre = 1.0 if 'norm' in name and name.endswith('weight') else 0.0
            parameter.data.copy_(centre + noise)
    model.threshold.setup(num_samples=50, num_classes=CLASSES)
    return model.train()


def official(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights by the names of SVFormer's code."""
    return {
        name.removeprefix('backbone.').replace('head.fc.', 'head.'): tensor.detach()
        for name, tensor in network.state_dict().items()
    }


def make_batch(seed: int) -> dict:
    generator = torch.Generator().manual_seed(seed)

    def view(count: int) -> dict:
        colours = torch.randint(192, (count, 3, 1, 1, 1), generator=generator)
        noise = torch.randint(64, (count, 3, FRAMES, SIDE, SIDE), generator=generator)
        return {'video': (colours + noise).to(torch.uint8)}

    samples = [AVDataSample(metainfo={'sample_idx': i}) for i in range(UNLABELED)]
    return {
        'inputs': {
            'labeled': {'weak': view(LABELED)},
            'unlabeled': {'weak': view(UNLABELED), 'strong': view(UNLABELED)},
        },
        'data_samples': {
            'labeled': [AVDataSample().set_gt_label(i) for i in (3, 1)],
            'unlabeled': samples,
        },
    }


class Iteration:
    """Run iterations of the package, or watch them, and keep what they drew."""

    def __init__(self, model: torch.nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
        self.model, self.warps, self.kept, self.mixes = model, [], [], []
        draw = av_data_preprocessor.tw_aug_indices

        def spy(num_frames: int) -> np.ndarray:
            self.warps.append(draw(num_frames))
            return self.warps[-1]

        monkeypatch.setattr(av_data_preprocessor, 'tw_aug_indices', spy)
        model.data_preprocessor.register_forward_hook(self.watch_colours)
        model.mixer.register_forward_hook(self.watch_mix, with_kwargs=True)

    def watch_colours(self, _: torch.nn.Module, args: tuple, data: dict) -> None:
        video = data['inputs']['unlabeled']['strong']['video']
        self.kept.append(video.flatten(2).abs().sum(dim=2) > 0)

    def watch_mix(self, _: torch.nn.Module, args: tuple, kwargs: dict, result: MixResult) -> None:
        """Keep what was drawn, with the number of the iteration that it belongs to."""
        self.mixes.append((len(self.warps) - 1, args[2], result))

    def __call__(self, batch: dict, seed: int) -> tuple[dict, Draws]:
        seed_generators(seed)
        data = self.model.data_preprocessor(batch, training=True)
        losses = self.model(**data, mode='loss')
        return losses, self.draws()[-1]

    def draws(self) -> list[Draws]:
        """Return the draws of all iterations that mixed."""
        return [self.one_draw(*mix) for mix in self.mixes]

    def one_draw(self, number: int, partner: torch.Tensor, result: MixResult) -> Draws:
        mask, ratio = result.mask[0, 0], result.ratio[0].item()
        # One tube mask for the whole batch, of int(λ n) tokens, though labels are mixed by λ.
        assert torch.equal(result.mask, mask.expand_as(result.mask))
        assert torch.equal(result.ratio, result.ratio[:1].expand_as(result.ratio))
        assert mask.sum() == int(ratio * len(mask))
        return Draws(
            warp=self.warps[number].tolist(),
            kept_channels=self.kept[number],
            ratio=ratio,
            mask=mask,
            partner=partner.tolist(),
        )


def inputs_of(batch: dict) -> tuple:
    streams = batch['inputs']
    unlabeled = streams['unlabeled']
    return (
        streams['labeled']['weak']['video'], [3, 1],
        unlabeled['weak']['video'], unlabeled['strong']['video'],
    )  # fmt: skip


def reference_of(model: torch.nn.Module) -> Reference:
    return Reference(official(model.student), official(model.teacher), DEPTH, HEADS, PATCH)


def close(actual: torch.Tensor, expected: torch.Tensor, name: str) -> None:
    torch.testing.assert_close(
        actual.detach().double(), expected.detach(), atol=1e-5, rtol=1e-5,
        msg=lambda text: f'{name}: {text}',
    )  # fmt: skip


@pytest.mark.usefixtures('attention_form')
def test_losses_and_gradients(monkeypatch):
    model = build(seed=0)
    iteration, reference = Iteration(model, monkeypatch), reference_of(model)
    seen_pass, warps, num_dropped = set(), set(), 0
    for seed in range(6):
        batch = make_batch(seed)
        losses, draws = iteration(batch, seed)
        expected = reference.losses(*inputs_of(batch), draws)
        for name, value in expected.items():
            close(losses[name], value, name)
            assert value > 1e-3, name
        model.zero_grad()
        model.parse_losses(losses)[0].backward()
        reference.accumulate(expected)
        gradients = {
            name.removeprefix('backbone.').replace('head.fc.', 'head.'): parameter.grad
            for name, parameter in model.student.named_parameters()
        }
        assert gradients.keys() == reference.weights.keys()
        for name, weight in reference.weights.items():
            close(gradients[name], weight.grad, name)
            weight.grad = None
        seen_pass.add(round(losses['pass_rate'].item(), 2))
        warps.add(tuple(draws.warp))
        num_dropped += int((~draws.kept_channels).sum())
    assert len(warps) >= 3
    assert num_dropped > 5
    assert len(seen_pass) > 1  # some clips pass, others do not


class Batches(Dataset):
    """Ready batches, the same in all epochs; `unlabeled` is their pool."""

    metainfo = {'classes': tuple('abcde')}
    unlabeled = range(UNLABELED)

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> dict:
        return make_batch(10 + index)


def first(items: list) -> dict:
    return items[0]


def test_runner_takes_the_steps_of_the_code(tmp_path, monkeypatch):
    """Two epochs of warm-up and two of all losses, of five iterations, two of which make a step.

    With the hooks, optimizer and schedule of the shipped config: the fifth iteration of each epoch
    is thrown away, the teacher begins after warm-up and moves after each iteration.
    """
    cfg = small_faithful_config()
    cfg.model.warmup_epochs = 2
    cfg.optim_wrapper.accumulative_counts = 2
    cfg.param_scheduler[0].milestones = [3]
    model = build(seed=1, cfg=cfg)
    iteration, reference = Iteration(model, monkeypatch), reference_of(model)
    runner = Runner(
        model=model,
        work_dir=str(tmp_path),
        train_dataloader=dict(
            batch_size=1, num_workers=0, dataset=Batches(), collate_fn=first,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=4),
        optim_wrapper=cfg.optim_wrapper,
        param_scheduler=cfg.param_scheduler,
        custom_hooks=cfg.custom_hooks,
        default_hooks={
            **{name: cfg.default_hooks[name] for name in ('step_seed', 'epoch_boundary')},
            'checkpoint': None,
        },
        default_scope='mmavssl',
        randomness=dict(seed=3),
        experiment_name='faithful',
    )  # fmt: skip
    runner.train()
    assert len(iteration.mixes) == 10

    draws = iter(iteration.draws())
    for epoch in range(4):
        for number in range(5):
            labeled, labels, *unlabeled = inputs_of(make_batch(10 + number))
            if epoch < 2:
                losses = reference.warm_up(labeled, labels)
            else:
                losses = reference.losses(labeled, labels, *unlabeled, next(draws))
            reference.accumulate(losses)
            if number % 2:
                lr = 0.005 if epoch < 3 else 0.0005
                reference.step(2, lr=lr, weight_decay=1e-4)
            if epoch >= 2:
                reference.follow(decay=0.99)
        reference.forget()
        if epoch < 2:
            reference.new_teacher()
    for ours, theirs in ((model.student, reference.weights), (model.teacher, reference.teacher)):
        for name, weight in official(ours).items():
            close(weight, theirs[name], name)
    distance = [
        (official(model.student)[n] - official(model.teacher)[n]).abs().max() for n in theirs
    ]
    assert max(distance) > 1e-4


FAITHFUL = {
    'model.data_preprocessor.channel_dropout': 0.2,
    'model.data_preprocessor.batch_tw_aug': True,
    'model.mixer.masker.per_batch': True,
    'model.mixer.masker.rounding': 'down',
    'model.mixer.audio_ratio': 'drawn',
    'model.mixer.alpha': 10.0,
    'model.mixer.beta': 10.0,
    'model.drop_partner': False,
    'model.mix_loss.kind': 'mse_logit',
    'model.threshold.threshold': 0.3,
    'model.warmup_epochs': 5,
    'model.test_with': 'student',
    'model.average': 'logit',
    'custom_hooks.0.every': 'iteration',
    'default_hooks.step_seed.diff_rank': False,
    'default_hooks.epoch_boundary.remainder': 'discard',
    'train_cfg.max_epochs': 30,
    'train_dataloader.sampler.epoch_over': 'labeled',
    'optim_wrapper.optimizer.weight_decay': 0.0001,
    'optim_wrapper.accumulative_counts': 8,
}


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'configs/svformer').glob('faithful_*.py')), ids=lambda path: path.stem
)
def test_faithful_configs_have_all_switches(path):
    cfg = load_config(str(path))
    for key, value in FAITHFUL.items():
        node = cfg
        for part in key.split('.'):
            node = node[int(part)] if part.isdigit() else node[part]
        assert node == value, key
    views = cfg.train_dataloader.dataset.unlabeled.pipeline[1]
    names = {view: [step['type'] for step in views[view]] for view in ('weak', 'strong')}
    assert names['strong'] == ['SampleClip', 'LoadAVClip', 'RandomScaleCrop', 'Flip']
    assert names['weak'] == names['strong'][:3]
    sampling = cfg.test_dataloader.dataset.pipeline[1]
    assert (sampling['mode'], sampling['num_clips'], sampling['spread']) == ('segments', 5, 'ends')
    assert 'Flip' in [step['type'] for step in cfg.val_dataloader.dataset.pipeline]
