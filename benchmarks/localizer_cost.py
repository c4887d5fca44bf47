"""Measure what share of a training iteration of ASL-Mix the localizer takes, in one run."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import torch
from machine import describe_machine
from mmengine.registry import init_default_scope
from torch import Tensor, nn

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.datasets.transforms import LoadSoundMap
from mmavssl.registry import MODELS
from mmavssl.structures import AVDataSample
from mmavssl.structures.map_cache import key_of
from mmavssl.structures.map_cache_writer import MapCacheWriter
from mmavssl.utils.configs import load_config

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'configs/asl_mix/ucf51_1shot.py'
FRAMES, SIZE, SOUND = 8, 224, (256, 128)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--unlabeled', type=int, default=2, help='clips beside one labeled clip')
    parser.add_argument('--rounds', type=int, default=3, help='iterations that are timed')
    parser.add_argument('--json', action='store_true', help='print JSON instead of a table')
    return parser.parse_args(argv)


class Stopwatch:
    """Seconds that a module takes, call by call."""

    def __init__(self, module: nn.Module) -> None:
        self.seconds: list[float] = []
        self.device = next(module.parameters()).device
        module.register_forward_pre_hook(lambda *_: self.begin())
        module.register_forward_hook(lambda *_: self.end())

    def begin(self) -> None:
        """Start."""
        wait(self.device)
        self.start = time.perf_counter()

    def end(self) -> None:
        """Stop."""
        wait(self.device)
        self.seconds.append(time.perf_counter() - self.start)


def wait(device: torch.device) -> None:
    """Wait for what the device still does."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def build_model(device: torch.device) -> nn.Module:
    """Build ASL-Mix at the paper's size, with random weights."""
    cfg = load_config(str(CONFIG))
    init_default_scope(cfg.default_scope)
    model_cfg = {**cfg.model.to_dict(), 'warmup_epochs': 0}
    for network in (
        model_cfg['student']['backbone'],
        model_cfg['student']['audio_backbone'],
        model_cfg['mixer']['masker']['localizer'],
    ):
        network['init_cfg'] = None
    model = MODELS.build(model_cfg).to(device)
    model.threshold.setup(num_samples=100, num_classes=51)
    model.sync_teacher()
    return model.train()


def make_batch(unlabeled: int, device: torch.device) -> dict:
    """Return one labeled clip and some unlabeled ones."""

    def view(count: int) -> dict[str, Tensor]:
        video = torch.randint(256, (count, 3, FRAMES, SIZE, SIZE), dtype=torch.uint8)
        sound = torch.randn(count, *SOUND)
        return {'video': video, 'audio': sound, 'audio_clean': sound}

    samples = [AVDataSample(metainfo={'sample_idx': i, 'gt_for_log': 0}) for i in range(unlabeled)]
    return {
        'inputs': {
            'labeled': {'weak': view(1)},
            'unlabeled': {'weak': view(unlabeled), 'strong': view(unlabeled)},
        },
        'data_samples': {'labeled': [AVDataSample().set_gt_label(3)], 'unlabeled': samples},
    }


def time_iterations(args: argparse.Namespace) -> dict:
    """Time whole iterations, and the localizer within them."""
    device = torch.device(args.device)
    model = build_model(device)
    watch = Stopwatch(model.mixer.masker.localizer)
    optimizer = torch.optim.SGD(model.student.parameters(), lr=1e-3, momentum=0.9)
    batch = make_batch(args.unlabeled, device)
    seconds = []
    for _ in range(args.rounds + 1):
        wait(device)
        begin = time.perf_counter()
        data = model.data_preprocessor(batch, training=True)
        losses = model(**data, mode='loss')
        optimizer.zero_grad()
        model.parse_losses(losses)[0].backward()
        optimizer.step()
        model.update_teacher(0.01)
        wait(device)
        seconds.append(time.perf_counter() - begin)
    iteration = float(np.median(seconds[1:]))  # the first one warms up
    localizer = float(np.median(watch.seconds[1:]))
    return {
        'labeled': 1,
        'unlabeled': args.unlabeled,
        'iteration_seconds': round(iteration, 3),
        'localizer_seconds': round(localizer, 4),
        'localizer_share': round(localizer / iteration, 4),
    }


def time_lookup(num_videos: int = 200, rounds: int = 500) -> float:
    """Return the milliseconds that it takes to look up the maps of a clip."""
    clips = [{'video_path': f'v{number}.mp4'} for number in range(num_videos)]
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        writer = MapCacheWriter(folder, [key_of(clip) for clip in clips], (16, 14, 14), {})
        for row in range(num_videos):
            writer.write(row, rng.random((16, 14, 14)), np.arange(16) / 2, (256, 340))
        writer.finish()
        look_up = LoadSoundMap(folder, '')
        clock = SimpleNamespace(times=np.arange(300) / 30)
        begin = time.perf_counter()
        for number in range(rounds):
            look_up(
                {
                    **clips[number % num_videos],
                    'video_file': SimpleNamespace(clock=clock),
                    'frame_inds': np.arange(100, 164, 8)[None],
                    'crop_box': np.array([[20, 10, 220, 210]]),
                }
            )
        return 1000 * (time.perf_counter() - begin) / rounds


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    result = {
        'machine': describe_machine(),
        'device': args.device,
        **time_iterations(args),
        'lookup_ms_per_clip': round(time_lookup(), 3),
    }
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        print(f'{result["iteration_seconds"]:8.2f} s  an iteration of ViT-B, 1 labeled and '
              f'{args.unlabeled} unlabeled clips')  # fmt: skip
        print(f'{result["localizer_seconds"]:8.2f} s  the localizer in it')
        print(f'{100 * result["localizer_share"]:8.2f} %  its share')
        print(f'{result["lookup_ms_per_clip"]:8.2f} ms looking up the maps of a clip instead')
    return 0


if __name__ == '__main__':
    sys.exit(main())
