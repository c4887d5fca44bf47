"""The localizer stays what it was through training: alone, in mixed precision, on two ranks."""

import copy
import os
import socket
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import multiprocessing
from torch.utils.data import Dataset

import mmavssl.engine
import mmavssl.models  # noqa: F401
from mmavssl.structures import AVDataSample
from mmavssl.utils.distributed import join_cpu_processes, leave_processes

ITERATIONS, NUM_CLASSES, UNLABELED = 100, 3, 4


class Batches(Dataset):
    """Ready batches of noise: 2 labeled and 4 unlabeled clips; `unlabeled` is their pool."""

    metainfo = {'classes': ('a', 'b', 'c')}
    unlabeled = range(UNLABELED)

    def __len__(self) -> int:
        return ITERATIONS

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)

        def view(size: int) -> dict:
            video = torch.randint(256, (size, 3, 2, 16, 16), generator=generator)
            sound = torch.randn(size, 32, 16, generator=generator)
            return {'video': video.to(torch.uint8), 'audio': sound, 'audio_clean': sound}

        return {
            'inputs': {
                'labeled': {'weak': view(2)},
                'unlabeled': {'weak': view(UNLABELED), 'strong': view(UNLABELED)},
            },
            'data_samples': {
                'labeled': [AVDataSample().set_gt_label(i) for i in range(2)],
                'unlabeled': [AVDataSample(metainfo={'sample_idx': i}) for i in range(UNLABELED)],
            },
        }


def first(items: list) -> dict:
    return items[0]


def build_runner(folder: Path, wrapper: str, launcher: str) -> Runner:
    transformer = dict(embed_dims=8, depth=1, num_heads=2)
    model = dict(
        type='SemiSupervisedRecognizer',
        student=dict(
            type='AVRecognizer',
            backbone=dict(
                type='TimeSformer', img_size=16, patch_size=4, num_frames=2, **transformer
            ),
            audio_backbone=dict(
                type='ASTEncoder', num_mel_bins=16, num_frames=32, **transformer
            ),
            fusion=dict(
                type='TransformerFusion', video_dims=8, audio_dims=8, num_layers=1, num_heads=2,
                feedforward_channels=16,
            ),
            head=dict(type='ClsHead', in_channels=16, num_classes=NUM_CLASSES),
        ),
        threshold=dict(type='FlexThreshold'),
        mixer=dict(
            type='TokenMix',
            patch_size=4,
            masker=dict(
                type='ASLGuided',
                localizer=dict(
                    type='FNACLocalizer', num_stages=2, base_channels=4, out_dims=8
                ),
            ),
        ),
        contrast=dict(type='AVContrastiveLoss'),
    )  # fmt: skip
    cfg = Config(dict(launcher=launcher, find_unused_parameters=True))
    join_cpu_processes(cfg)
    return Runner(
        model=model,
        work_dir=str(folder),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            dataset=Batches(),
            sampler=dict(type='InfiniteSampler'),
            collate_fn=first,
        ),
        train_cfg=dict(by_epoch=False, max_iters=ITERATIONS),
        optim_wrapper=dict(
            type=wrapper,
            constructor='StudentOptimWrapperConstructor',
            optimizer=dict(type='SGD', lr=0.01, weight_decay=0.1),
        ),
        custom_hooks=[
            dict(type='StepSeedHook'),
            dict(type='EMATeacherHook', momentum=0.1),
            dict(type='ThresholdUpdateHook'),
        ],
        default_hooks=dict(checkpoint=None),
        default_scope='mmavssl',
        launcher=launcher,
        randomness=dict(seed=0),
        experiment_name=f'frozen_{folder.name}',
        cfg=cfg,
    )


def be_rank(rank: int, num_ranks: int, port: int, folder: Path, wrapper: str) -> None:
    """Train in a process of its own, alone or as one of several."""
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(num_ranks),
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port),
    )  # fmt: skip
    train(rank, num_ranks, folder, wrapper)
    leave_processes()


def train(rank: int, num_ranks: int, folder: Path, wrapper: str) -> None:
    """Train, and write what the localizer was and is."""
    runner = build_runner(folder, wrapper, 'pytorch' if num_ranks > 1 else 'none')
    model = runner.model.module if num_ranks > 1 else runner.model
    before = copy.deepcopy(model.state_dict())
    localizer = copy.deepcopy(model.mixer.masker.localizer.state_dict())
    runner.train()
    state = {
        'wrapped': type(runner.model).__name__,
        'before': localizer,
        'after': model.mixer.masker.localizer.state_dict(),
        'moved': [
            name for name, value in model.state_dict().items()
            if not torch.equal(value.cpu(), before[name].cpu())
        ],
    }  # fmt: skip
    torch.save(state, folder / f'{rank}.pt')


def check(folder: Path, num_ranks: int) -> None:
    for rank in range(num_ranks):
        state = torch.load(folder / f'{rank}.pt', weights_only=True)
        assert state['wrapped'] == (
            'MMDistributedDataParallel' if num_ranks > 1 else 'SemiSupervisedRecognizer'
        )
        for network in ('student', 'teacher'):
            assert f'{network}.backbone.blocks.0.attn.qkv.weight' in state['moved']
        assert 'imgnet.bn1.running_mean' in state['before']
        for name, value in state['before'].items():
            assert torch.equal(state['after'][name], value), name


@pytest.fixture
def one_thread():
    """For tensors as small as these, threads cost more than they bring."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize('wrapper', ['OptimWrapper', 'AutocastOptimWrapper'])
@pytest.mark.skipif(torch.cuda.is_available(), reason='the same with a GPU is below')
def test_same_bit_for_bit_after_100_iterations(tmp_path, one_thread, wrapper):
    train(0, 1, tmp_path, wrapper)
    check(tmp_path, 1)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason='the ranks have no GPUs of their own')
def test_same_bit_for_bit_on_two_ranks(tmp_path):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(be_rank, (2, port, tmp_path, 'AutocastOptimWrapper'), nprocs=2)
    check(tmp_path, 2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_same_bit_for_bit_after_100_iterations_on_a_gpu(tmp_path):
    multiprocessing.spawn(be_rank, (1, 0, tmp_path, 'AmpOptimWrapper'), nprocs=1)
    check(tmp_path, 1)
